"""What a delivery asks for: start a run or a flow, hand the event to a run, wake who waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from contracts.base import Contract
from contracts.errors import BadRequest
from contracts.events import WAIT_OPENED, Delivery, Event, SignalRun, StartFlow, StartTeam, Trigger, Wait, Woken
from contracts.ports import EventLog, StateStore
from contracts.state import TRIGGERS_NAMESPACE, Place
from events import faults, routing, triggers
from events.signals import Signals
from events.starts import Starts, workflow_id
from expressions import templates

_PAGE = 500
_Filled = TypeVar("_Filled", bound=Contract)


class Actions:
    """Acts on deliveries. Acting twice on one starts nothing twice, and signals nothing twice.

    Args:
        log: waits, and which starts were made.
        state: triggers.
        starts: starts runs and flows.
        signals: signals workflows.
    """

    def __init__(self, *, log: EventLog, state: StateStore, starts: Starts, signals: Signals) -> None:
        self._log = log
        self._state = state
        self._starts = starts
        self._signals = signals

    async def act(self, delivery: Delivery) -> str | None:
        """Do what a delivery asks for, and return the workflow id that it started.

        Raises:
            NotFound: the run that is to be signalled is not open, or no such flow is registered.
            BadRequest, ExpressionFailed: the trigger, or what it makes of this event, is wrong.
            RPCError: Temporal does not answer, or refuses.
        """
        if delivery.target == "wait":
            await self._wake(delivery)
            return None
        trigger = await self._trigger(delivery)
        return None if trigger is None else await self._follow(trigger, delivery.event)

    async def _trigger(self, delivery: Delivery) -> Trigger | None:
        """Return the trigger as it is now; None where it is gone, disabled, or not for this event any more."""
        place = Place(namespace=TRIGGERS_NAMESPACE, key=delivery.name, tenant=delivery.tenant)
        document = await self._state.get(place, fresh=True)
        if document is None:
            return None
        trigger = triggers.checked(delivery.name, document.value)
        event = delivery.event
        wanted = trigger.enabled and triggers.fits(trigger, event) and triggers.holds(trigger, event)
        return trigger if wanted else None

    async def _follow(self, trigger: Trigger, event: Event) -> str | None:
        filled = templates.fill(triggers.action_of(trigger), {"event": event.value})
        if trigger.signal is not None:
            await self._signals.hand_over(event, run=_filled(SignalRun, filled).run, by=trigger.name)
            return None
        return await self._start(trigger, event, filled)

    async def _start(self, trigger: Trigger, event: Event, filled: Any) -> str:
        found = await self._log.started_by(event.tenant, trigger.name, event.source, event.id)
        if found is not None:
            return found
        id_ = workflow_id(event.tenant, trigger.name, event.source, event.id)
        if trigger.start_team is not None:
            await self._starts.team(_filled(StartTeam, filled), id_=id_)
        else:
            await self._starts.flow(_filled(StartFlow, filled), id_=id_, tenant=event.tenant)
        return id_

    async def _wake(self, delivery: Delivery) -> None:
        wait = await self._log.wait(delivery.name)
        if wait is None:
            return
        woken = await self._woken(wait, delivery.event)
        if woken is not None and not await self._signals.wake(woken, workflow=wait.workflow_id):
            await self._log.unregister(wait.id)

    async def _woken(self, wait: Wait, event: Event) -> Woken | None:
        if event.type == WAIT_OPENED:
            first = await self._first(wait)
            return None if first is None else Woken(wait=wait.id, sequence=first.sequence, event=first)
        meant = None if wait.type is None else event
        return Woken(wait=wait.id, sequence=event.sequence, event=meant)

    async def _first(self, wait: Wait) -> Event | None:
        """Return the first event after what the waiter has seen that is waited for. The relay may tell of it, too."""
        after = wait.after
        while wait.type is not None and after is not None:
            page = await self._log.events(after=after, limit=_PAGE, types=(wait.type,), tenant=wait.tenant)
            for event in page:
                if routing.is_awaited(event, wait):
                    return event
            after = page[-1].sequence if len(page) == _PAGE else None
        return None


def _filled(kind: type[_Filled], values: Mapping[str, Any]) -> _Filled:
    """Return an action with the event put in; a number is taken where a text is wanted."""
    plain = {name: str(value) if isinstance(value, int | float) else value for name, value in values.items()}
    try:
        return kind.model_validate(plain)
    except ValidationError as error:
        raise BadRequest(f"what the trigger makes of this event cannot be used: {faults.told(error)}") from error
