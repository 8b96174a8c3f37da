"""`perdure emit`, `watch` and `triggers`: events, told and followed without a Temporal server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from contracts.events import DeadLetter, Event, Trigger
from contracts.state import DEFAULT_TENANT
from perdure import emission
from perdure.cli import interrupts, values
from perdure.cli.documents import Where, compact, time, with_state
from perdure.cli.output import Output
from perdure.state import State
from perdure.triggers import KeptTrigger, Triggers

_PAGE = 200
_SWEEP = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Happening:
    """The event that `perdure emit` was asked to tell of."""

    kind: str
    data: str | None = None
    source: str | None = None
    subject: str | None = None
    id: str | None = None


def emit(happening: Happening, where: Where, *, as_json: bool) -> int:
    """Emit one event."""
    output = Output(as_json=as_json)
    data = None if happening.data is None else values.json_value(happening.data, what="--data")

    async def work(state: State) -> int:
        event = await emission.emit(
            state,
            happening.kind,
            source=happening.source or emission.COMMAND_LINE,
            subject=happening.subject,
            data=data,
            id=happening.id,
        )
        output.text(f"{event.type} {event.id} of {event.source} is kept")
        output.json(event.model_dump(mode="json", exclude_none=True))
        return 0

    return with_state(work, where)


def watch(pattern: str, where: Where, *, since: int | None, count: int | None, as_json: bool) -> int:
    """Show events as they come, until Ctrl-C."""
    output = Output(as_json=as_json)

    async def work(state: State) -> int:
        await _follow(state, pattern, since=since, count=count, output=output)
        return 0

    code = with_state(work, where)
    # To be told to stop is how this command ends well.
    return 0 if code in interrupts.ASKED_TO_STOP else code


async def _follow(state: State, pattern: str, *, since: int | None, count: int | None, output: Output) -> None:
    stores = await state.stores.opened()
    position = heard = await state.sequence() if since is None else since
    shown = 0
    while True:
        page = await stores.events.events(after=position, limit=_PAGE, types=(pattern,), tenant=state.tenant)
        for event in page:
            _print_event(event, output)
            position, shown = event.sequence, shown + 1
            if shown == count:
                return
        if len(page) < _PAGE:
            try:
                heard = await stores.wake_ups.wait(beyond=max(heard, position), within=_SWEEP) or heard
            except TimeoutError:
                continue


def list_triggers(*, tenant: str, as_json: bool) -> int:
    """List triggers."""
    output = Output(as_json=as_json)

    async def work(state: State) -> int:
        found = await Triggers(state=state).list()
        output.table(["trigger", "on", "if", "then", ""], [_row(kept) for kept in found])
        output.json([_object(kept) for kept in found])
        return 0

    return with_state(work, Where(tenant=tenant))


def add_trigger(trigger: dict[str, Any], where: Where, *, why: str | None, as_json: bool) -> int:
    """Add a trigger, or replace it."""
    output = Output(as_json=as_json)

    async def work(state: State) -> int:
        document = await Triggers(state=state).add(trigger, why=why)
        output.text(f"trigger {trigger['name']}: version {document.version}")
        output.json(document.model_dump(mode="json"))
        return 0

    return with_state(work, where)


def remove_trigger(name: str, where: Where, *, as_json: bool) -> int:
    """Remove a trigger."""
    output = Output(as_json=as_json)

    async def work(state: State) -> int:
        await Triggers(state=state).remove(name)
        output.text(f"trigger {name} is removed")
        output.json({"name": name, "removed": True})
        return 0

    return with_state(work, where)


def dead(*, limit: int, tenant: str, as_json: bool) -> int:
    """List the deliveries that were given up."""
    output = Output(as_json=as_json)

    async def work(state: State) -> int:
        letters = await Triggers(state=state).dead_letters(limit=limit)
        output.table(["id", "for", "event", "given up", "attempts", "error"], [_letter_row(one) for one in letters])
        output.json([letter.model_dump(mode="json") for letter in letters])
        return 0

    return with_state(work, Where(tenant=tenant))


def replay(delivery: int, *, tenant: str = DEFAULT_TENANT, as_json: bool) -> int:
    """Deliver a dead letter again."""
    output = Output(as_json=as_json)

    async def work(state: State) -> int:
        await Triggers(state=state).replay(delivery)
        output.text(f"delivery {delivery} is due again; a worker makes it")
        output.json({"id": delivery, "due": True})
        return 0

    return with_state(work, Where(tenant=tenant))


def _print_event(event: Event, output: Output) -> None:
    subject = f" {event.subject}" if event.subject is not None else ""
    output.text(f"{event.sequence} {time(event.time)} {event.type}{subject} from {event.source}: {compact(event.data)}")
    output.json(event.model_dump(mode="json"))


def _row(kept: KeptTrigger) -> tuple[str, ...]:
    trigger = kept.trigger
    if trigger is None:
        return kept.name, "", "", "", f"is wrong: {kept.fault}"
    source = f" from {trigger.source}" if trigger.source else ""
    return kept.name, f"{trigger.type}{source}", trigger.when or "", _action(trigger), "" if trigger.enabled else "off"


def _action(trigger: Trigger) -> str:
    if trigger.start_flow is not None:
        return f"start flow {trigger.start_flow.flow}"
    if trigger.start_team is not None:
        return f"start team {trigger.start_team.team}"
    return f"signal {trigger.signal.run}" if trigger.signal is not None else ""


def _object(kept: KeptTrigger) -> dict[str, Any]:
    if kept.trigger is None:
        return {"name": kept.name, "fault": kept.fault}
    return kept.trigger.model_dump(mode="json")


def _letter_row(letter: DeadLetter) -> tuple[str, ...]:
    delivery = letter.delivery
    event = f"{delivery.event.type} {delivery.event.id}"
    target = f"{delivery.target} {delivery.name}"
    return str(delivery.id), target, event, time(letter.given_up_at), str(delivery.attempts), delivery.error or ""
