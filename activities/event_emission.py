"""The activity that emits events."""

from __future__ import annotations

from temporalio import activity

from activities.failures import as_failures
from activities.heartbeat import heartbeating
from activities.journal import call_key
from contracts.ports import StateStore
from contracts.state import Commit
from contracts.steps import Emission, EmitEventsRequest


class EventEmission:
    """Puts events into the outbox.

    Args:
        state: the state store, whose commits hold events.
    """

    def __init__(self, state: StateStore) -> None:
        self._state = state

    @activity.defn(name="emit_events")
    async def emit_events(self, request: EmitEventsRequest) -> Emission:
        """Emit events. A repeated attempt emits nothing new."""
        commit = Commit(
            events=request.events,
            tenant=request.tenant,
            branch=request.branch,
            author=request.author,
            idempotency_key=call_key(),
        )
        with as_failures():
            async with heartbeating():
                return Emission(sequence=(await self._state.commit(commit)).sequence)
