"""A worker whose reads and registrations are raced by somebody who writes at the worst moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.decisions import Decisions
from activities.event_emission import EventEmission
from activities.waits import Waits
from contracts.ports import EventLog, StateStore
from contracts.state import Place, Snapshot
from perdure.stores import Stores
from workflows.flow_run import FlowRun

Happening = Callable[[], Awaitable[Any]]


class RacedState:
    """A state store beside whose first read something happens, before or after it."""

    def __init__(self, state: StateStore, *, before: Happening | None = None, after: Happening | None = None) -> None:
        self._state = state
        self._before, self._after = before, after
        self.reads = 0

    async def snapshot(self, places: Sequence[Place], *, as_of: int | datetime | None = None) -> Snapshot:
        self.reads += 1
        if self._before is not None and self.reads == 1:
            await self._before()
        snapshot = await self._state.snapshot(places, as_of=as_of)
        if self._after is not None and self.reads == 1:
            await self._after()
        return snapshot

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)


@asynccontextmanager
async def raced(client: Client, stores: Stores, state: Any, *, task_queue: str) -> AsyncIterator[None]:
    """Run a worker that has no relay of its own: the one of the stores' other worker wakes its flows."""
    decisions, events, waits = Decisions(state), EventEmission(stores.state), Waits(stores.events)
    working = Worker(
        client,
        task_queue=task_queue,
        workflows=[FlowRun],
        activities=[
            decisions.decide,
            decisions.resolve,
            events.emit_events,
            waits.register_wait,
            waits.unregister_wait,
        ],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with working:
        yield


async def waiting(log: EventLog, documents: Sequence[tuple[str, str, str]]) -> None:
    """Return once somebody waits for one of these documents (branch, namespace, key)."""
    async with asyncio.timeout(20):
        while not await log.waits("default", documents=documents):
            await asyncio.sleep(0.01)
