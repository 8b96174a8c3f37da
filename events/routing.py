"""Which deliveries follow from events: pure matching of triggers and waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from contracts.errors import BadRequest, ExpressionFailed
from contracts.events import Delivery, Event, Trigger, Wait
from events import triggers

_Document = tuple[str, str, str]


def for_trigger(trigger: Trigger, event: Event) -> Delivery:
    """Return the delivery of an event to a trigger."""
    return Delivery(
        id=0,
        target="trigger",
        name=trigger.name,
        tenant=event.tenant,
        lane=event.lane,
        event=event,
        most_attempts=trigger.attempts,
        remember_days=trigger.replayable_days,
    )


def for_waits(waits: Sequence[Wait], events: Sequence[Event]) -> Iterator[Delivery]:
    """Yield deliveries to waits, each event's in order.

    A wait for documents is told once of all these events: it reads the state as it is then. A wait for an event whose
    condition cannot be evaluated is woken by nothing: who waits for one event is not failed by another one.
    """
    yield from _for_documents(_by_document(waits), events)
    awaiting = [wait for wait in waits if wait.type is not None]
    for event in events:
        yield from (_for_wait(wait.id, event) for wait in awaiting if is_awaited(event, wait))


def _for_documents(waits: Mapping[_Document, Sequence[Wait]], events: Sequence[Event]) -> Iterator[Delivery]:
    woken: dict[str, Event] = {}
    for event in events:
        for wait in waits.get(event.change, ()) if event.change else ():
            if _is_later(event, wait):
                woken[wait.id] = event
    yield from (_for_wait(wait_id, event.model_copy(update={"data": None})) for wait_id, event in woken.items())


def _by_document(waits: Iterable[Wait]) -> Mapping[_Document, list[Wait]]:
    found: dict[_Document, list[Wait]] = {}
    for wait in waits:
        for namespace, key in wait.documents:
            found.setdefault((wait.branch, namespace, key), []).append(wait)
    return found


def _for_wait(wait_id: str, event: Event) -> Delivery:
    # One after another, whatever they are about: who has taken one event asks for those after it.
    return Delivery(id=0, target="wait", name=wait_id, tenant=event.tenant, lane=wait_id, event=event)


def _is_later(event: Event, wait: Wait) -> bool:
    return wait.after is None or event.sequence > wait.after


def is_awaited(event: Event, wait: Wait) -> bool:
    """Whether an event is the one that is waited for."""
    if wait.type is None or not triggers.matches(wait.type, event.type):
        return False
    if not triggers.matches(wait.source, event.source) or not _is_later(event, wait):
        return False
    if wait.when is None:
        return True
    try:
        return triggers.is_true(wait.when, {**wait.bound, "event": event.value, "bound": wait.bound})
    except (ExpressionFailed, BadRequest):
        return False
