"""Relay and dispatcher of one worker, for as long as the worker runs."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any

from temporalio.client import Client

from contracts.ports import DeliveryBus, EventLog, StateStore, WakeUps
from events.actions import Actions
from events.dispatcher import Dispatcher
from events.leadership import RelayLeader
from events.signals import Signals
from events.starts import Starts

_AGAIN_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How patient the service is.

    Attributes:
        lease: how long a leader that died is waited for.
        sweep: how long a missed hint delays anything.
        hold: after this time a delivery that was taken and not ended is taken again.
        first_delay: how long after its first failure a delivery is tried again; each further time is twice as long.
        most: how many deliveries are acted on at once.
    """

    lease: timedelta = timedelta(seconds=5)
    sweep: timedelta = timedelta(seconds=1)
    hold: timedelta = timedelta(seconds=10)
    first_delay: timedelta = timedelta(seconds=1)
    most: int = 20


class EventService:
    """Routes and delivers events: `async with EventService(...)`.

    Args:
        log: events and deliveries.
        state: the lease of the relay, and triggers.
        wake_ups: say that something was committed.
        bus: says that something is due.
        client: signals runs; its owner is the caller.
        starts: starts runs and flows.
        worker: name of this worker, for people.
        pace: how patient it is.
    """

    def __init__(
        self,
        *,
        log: EventLog,
        state: StateStore,
        wake_ups: WakeUps,
        bus: DeliveryBus,
        client: Client,
        starts: Starts,
        worker: str,
        pace: Pace | None = None,
    ) -> None:
        pace = pace or Pace()
        # A worker that comes after one of the same name must not have its lease.
        holder = f"{worker}/{secrets.token_hex(4)}"
        actions = Actions(log=log, state=state, starts=starts, signals=Signals(client))
        self._leader = RelayLeader(
            log=log, state=state, wake_ups=wake_ups, bus=bus, holder=holder, lease=pace.lease, sweep=pace.sweep
        )
        self._dispatcher = Dispatcher(
            log=log,
            bus=bus,
            act=actions.act,
            worker=holder,
            most=pace.most,
            hold=pace.hold,
            sweep=pace.sweep,
            first_delay=pace.first_delay,
        )
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> EventService:
        self._tasks = [
            asyncio.create_task(_kept_up(self._leader.run, name="relay")),
            asyncio.create_task(_kept_up(self._dispatcher.run, name="dispatcher")),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _kept_up(work: Callable[[], Coroutine[Any, Any, None]], *, name: str) -> None:
    """Begin again what ends by an error that nobody thought of; else events would stop until the worker does."""
    while True:
        task = asyncio.create_task(work(), name=name)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            await asyncio.wait([task])
        if (error := task.exception()) is not None:
            _LOG.error("the %s failed and begins again", name, exc_info=error)
        await asyncio.sleep(_AGAIN_SECONDS)
