"""The activities that keep what workflows wait for, so that the relay can wake them."""

from __future__ import annotations

from temporalio import activity

from activities.failures import as_failures
from activities.heartbeat import heartbeating
from contracts.events import Wait
from contracts.ports import DeliveryBus, EventLog
from contracts.steps import WaitEnded, WaitRegistered


class Waits:
    """Keeps waits.

    Args:
        events: the event log.
        bus: told that a wait looks back at what came before it; without one that is noticed a moment later.
    """

    def __init__(self, events: EventLog, *, bus: DeliveryBus | None = None) -> None:
        self._events = events
        self._bus = bus

    @activity.defn(name="register_wait")
    async def register_wait(self, wait: Wait) -> WaitRegistered:
        """Keep a wait: every change that is committed after this returns wakes the waiter."""
        with as_failures():
            async with heartbeating():
                sequence = await self._events.register(wait)
                if self._bus is not None and wait.after is not None:
                    await self._bus.tell([wait.id])
                return WaitRegistered(sequence=sequence)

    @activity.defn(name="unregister_wait")
    async def unregister_wait(self, ended: WaitEnded) -> None:
        """Forget a wait. Forgetting it again changes nothing."""
        with as_failures():
            async with heartbeating():
                await self._events.unregister(ended.wait)
