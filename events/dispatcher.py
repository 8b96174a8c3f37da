"""The dispatcher: takes deliveries that are due and has them acted on, again and again until they are done."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from temporalio.service import RPCError, RPCStatusCode

from contracts.errors import BackendUnavailable
from contracts.events import Delivery
from contracts.ports import DeliveryBus, EventLog

Act = Callable[[Delivery], Awaitable[str | None]]
_AWAY = {
    RPCStatusCode.CANCELLED,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.UNAVAILABLE,
}
_GRACE_SECONDS = 2.0
_LOG = logging.getLogger(__name__)


class Dispatcher:
    """Delivers for as long as it runs. Every worker has one.

    Args:
        log: where deliveries are taken from.
        bus: says when to look.
        act: does what a delivery asks for, and returns the workflow id that it started.
        worker: who this is.
        most: how many deliveries are acted on at once.
        hold: after this time a delivery that was taken and not ended is taken again.
        sweep: how long a missed hint delays a delivery.
        first_delay: how long after the first failure it is tried again; each further time is twice as long.
        longest_delay: but not longer than this.
    """

    def __init__(
        self,
        *,
        log: EventLog,
        bus: DeliveryBus,
        act: Act,
        worker: str,
        most: int = 20,
        hold: timedelta = timedelta(seconds=10),
        sweep: timedelta = timedelta(seconds=1),
        first_delay: timedelta = timedelta(seconds=1),
        longest_delay: timedelta = timedelta(minutes=5),
    ) -> None:
        self._log = log
        self._bus = bus
        self._act = act
        self._worker = worker
        self._most = most
        self._hold = hold
        self._sweep = sweep
        self._first_delay = first_delay
        self._longest_delay = longest_delay
        self._look = asyncio.Event()
        self._active: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Deliver until cancelled; what has not ended two seconds later is delivered again by whoever comes next."""
        listening = asyncio.create_task(self._listen(), name="dispatcher-listens")
        try:
            while True:
                self._look.clear()
                await self._take()
                await self._look.wait()
        finally:
            if self._active:
                await asyncio.wait(self._active, timeout=_GRACE_SECONDS)
            await _ended(listening, *self._active)

    async def _listen(self) -> None:
        while True:
            await self._bus.wait(within=self._sweep)
            self._look.set()

    async def _take(self) -> None:
        free = self._most - len(self._active)
        if free <= 0:
            return
        try:
            taken = await self._log.due(limit=free, now=datetime.now(UTC), worker=self._worker, hold=self._hold)
        except BackendUnavailable as error:
            _LOG.warning("the dispatcher of %s waits: %s", self._worker, error)
            return
        for delivery in taken:
            task = asyncio.create_task(self._deliver(delivery), name=f"delivery-{delivery.id}")
            self._active.add(task)
            task.add_done_callback(self._is_done)

    def _is_done(self, task: asyncio.Task[None]) -> None:
        self._active.discard(task)
        self._look.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.warning("%s is made again: how it ended cannot be kept", task.get_name(), exc_info=error)

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            started = await self._act(delivery)
        except Exception as error:  # noqa: BLE001 - whatever an action raises is kept with the delivery, and tried again
            await self._fail(delivery, error)
        else:
            remember_until = datetime.now(UTC) + timedelta(days=delivery.remember_days)
            await self._log.delivered(delivery, started=started, remember_until=remember_until)

    async def _fail(self, delivery: Delivery, error: Exception) -> None:
        counts = not _is_away(error)
        failures = delivery.attempts + 1
        dead = counts and failures >= delivery.most_attempts
        said = f"{type(error).__name__}: {error}"
        _LOG.warning(
            "event %s of %s for %s %s failed (%s of %s%s): %s",
            delivery.event.id,
            delivery.event.source,
            delivery.target,
            delivery.name,
            failures,
            delivery.most_attempts,
            ", given up" if dead else "",
            said,
        )
        retry_at = None if dead else datetime.now(UTC) + self._delay(failures)
        await self._log.failed(delivery, error=said, retry_at=retry_at, counts=counts)

    def _delay(self, failures: int) -> timedelta:
        return min(self._first_delay * (1 << min(failures - 1, 20)), self._longest_delay)


def _is_away(error: Exception) -> bool:
    return isinstance(error, BackendUnavailable) or (isinstance(error, RPCError) and error.status in _AWAY)


async def _ended(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
