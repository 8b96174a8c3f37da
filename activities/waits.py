"""The activities that keep what workflows wait for, so that the relay can wake them."""

from __future__ import annotations

from temporalio import activity

from activities.failures import as_failures
from activities.heartbeat import heartbeating
from contracts.events import Wait
from contracts.ports import EventLog
from contracts.steps import WaitEnded, WaitRegistered


class Waits:
    """Keeps waits.

    Args:
        events: the event log.
    """

    def __init__(self, events: EventLog) -> None:
        self._events = events

    @activity.defn(name="register_wait")
    async def register_wait(self, wait: Wait) -> WaitRegistered:
        """Keep a wait: every change that is committed after this returns wakes the waiter."""
        with as_failures():
            async with heartbeating():
                return WaitRegistered(sequence=await self._events.register(wait))

    @activity.defn(name="unregister_wait")
    async def unregister_wait(self, ended: WaitEnded) -> None:
        """Forget a wait. Forgetting it again changes nothing."""
        with as_failures():
            async with heartbeating():
                await self._events.unregister(ended.wait)
