"""Which worker's relay leads: one at a time, by a lease."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta

from contracts.errors import BackendUnavailable, Conflict
from contracts.ports import DeliveryBus, EventLog, StateStore, WakeUps
from contracts.state import Lease
from events.relay import Relay

LEASE = "perdure.relay"
# Changes that come together are read together.
_GATHER_SECONDS = 0.003
_PRUNE_SECONDS = 3600.0
_LOG = logging.getLogger(__name__)


class RelayLeader:
    """Relays events whenever it leads.

    Args:
        log: events, and where deliveries go.
        state: the lease, and triggers.
        wake_ups: say that something was committed.
        bus: tells dispatchers.
        holder: who this is, unique among all workers.
        lease: how long a leader that died is waited for.
        sweep: how long a missed wake-up delays an event.
        keep: how long routed events are kept.
    """

    def __init__(
        self,
        *,
        log: EventLog,
        state: StateStore,
        wake_ups: WakeUps,
        bus: DeliveryBus,
        holder: str,
        lease: timedelta = timedelta(seconds=5),
        sweep: timedelta = timedelta(seconds=1),
        keep: timedelta = timedelta(days=30),
    ) -> None:
        self._log = log
        self._state = state
        self._wake_ups = wake_ups
        self._bus = bus
        self._holder = holder
        self._ttl = lease
        self._sweep = sweep
        self._keep = keep
        self._heard = 0
        self._renew_at = 0.0
        self._prune_at = 0.0

    async def run(self) -> None:
        """Lead whenever the lease is to be had, until cancelled."""
        while True:
            try:
                if (lease := await self._acquired()) is not None:
                    await self._lead(lease)
            except (BackendUnavailable, Conflict) as error:
                _LOG.warning("the relay of %s does not lead: %s", self._holder, error)
            await asyncio.sleep(self._sweep.total_seconds())

    async def _lead(self, lease: Lease) -> None:
        try:
            cursor = await self._log.cursor()
            relay = Relay(self._log, state=self._state, bus=self._bus, cursor=cursor)
            while True:
                lease = await self._renewed(lease)
                if not await relay.step():
                    await self._prune()
                    await self._rest(relay.position)
        finally:
            # Whoever comes next need not wait for the lease's end.
            await self._release(lease)

    async def _rest(self, position: int) -> None:
        try:
            heard = await self._wake_ups.wait(beyond=max(position, self._heard), within=self._sweep)
            self._heard = max(self._heard, heard or 0)
            await asyncio.sleep(_GATHER_SECONDS)
        except TimeoutError:
            return

    async def _acquired(self) -> Lease | None:
        self._renew_at = self._next_renewal()
        return await self._state.acquire(LEASE, holder=self._holder, ttl=self._ttl)

    async def _renewed(self, lease: Lease) -> Lease:
        if time.monotonic() < self._renew_at:
            return lease
        self._renew_at = self._next_renewal()
        return await self._state.renew(lease, ttl=self._ttl)

    def _next_renewal(self) -> float:
        return time.monotonic() + self._ttl.total_seconds() / 3

    async def _release(self, lease: Lease) -> None:
        try:
            await self._state.release(lease)
        except BackendUnavailable as error:
            _LOG.info("the relay's lease ends by itself: %s", error)

    async def _prune(self) -> None:
        if time.monotonic() >= self._prune_at:
            self._prune_at = time.monotonic() + _PRUNE_SECONDS
            await self._log.prune(before=datetime.now(UTC) - self._keep)
