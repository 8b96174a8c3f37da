"""The relay: reads events in their order and says to whom each must be delivered.

Deliveries and the cursor are written in one transaction that fails where the cursor has moved, so that even two relays
at once route no event twice. A crash repeats reading, never routing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from contracts.errors import Conflict
from contracts.events import Delivery, Event, Wait
from contracts.ports import DeliveryBus, EventLog, StateStore
from events import routing
from events.triggers import TriggerBook

_BATCH = 500
# Where nothing has to be delivered the cursor may stay behind: what is read again after a crash leads to nothing again.
_KEEP_CURSOR_SECONDS = 1.0


class Relay:
    """Routes events from a place in their order on.

    Args:
        log: events, and where deliveries go.
        state: where triggers are kept.
        bus: tells dispatchers.
        cursor: the place.
    """

    def __init__(self, log: EventLog, *, state: StateStore, bus: DeliveryBus, cursor: int) -> None:
        self._log = log
        self._bus = bus
        self._book = TriggerBook(state)
        self._cursor = self._position = cursor
        self._kept_at = 0.0

    @property
    def position(self) -> int:
        """The sequence up to which events were read."""
        return self._position

    async def step(self) -> bool:
        """Route the next events, and return whether there may be more at once.

        Raises:
            BackendUnavailable: the database does not answer; nothing was routed.
            Conflict: another relay has routed on; this one must be given up.
        """
        events = await self._log.events(after=self._position, limit=_BATCH)
        if events:
            deliveries = [*await self._for_triggers(events), *await self._for_waits(events)]
            await self._keep(deliveries, position=events[-1].sequence)
        elif self._position > self._cursor:
            await self._keep([], position=self._position)
        return len(events) == _BATCH

    async def _for_triggers(self, events: Sequence[Event]) -> list[Delivery]:
        found: list[Delivery] = []
        for event in events:
            await self._book.open(event.tenant, at=self._position)
            self._book.follow(event)
            found += [routing.for_trigger(trigger, event) for trigger in self._book.matching(event)]
        return found

    async def _for_waits(self, events: Sequence[Event]) -> list[Delivery]:
        found: list[Delivery] = []
        for tenant in sorted({event.tenant for event in events}):
            of_tenant = [event for event in events if event.tenant == tenant]
            found += routing.for_waits(await self._waits(tenant, of_tenant), of_tenant)
        return found

    async def _waits(self, tenant: str, events: Iterable[Event]) -> tuple[Wait, ...]:
        documents = {event.change for event in events if event.change is not None}
        return await self._log.waits(
            tenant, documents=sorted(documents), types=sorted({event.type for event in events})
        )

    async def _keep(self, deliveries: Sequence[Delivery], *, position: int) -> None:
        now = time.monotonic()
        if deliveries or now - self._kept_at > _KEEP_CURSOR_SECONDS:
            if not await self._log.route(deliveries, after=self._cursor, cursor=position):
                raise Conflict(f"another relay has routed events from {self._cursor} on: begin anew where it is")
            self._cursor, self._kept_at = position, now
        self._position = position
        await self._bus.tell(sorted({delivery.lane for delivery in deliveries}))
