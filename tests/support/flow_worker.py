"""A worker of flows alone, put together as a test wants it: another state store, other limits of a history."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.decisions import Decisions
from activities.event_emission import EventEmission
from activities.flow_tools import FlowTools
from activities.state_writes import StateWrites
from activities.waits import Waits
from contracts.flows import FlowRequest, FlowResult
from contracts.ports import EventLog, StateStore
from contracts.state import Place, Snapshot
from memory.sqlite_database import SqliteDatabase
from memory.sqlite_journal import SqliteResultJournal
from perdure.settings import Settings
from perdure.stores import Stores
from tools.registry import TOOLS
from workflows.flow_run import FlowRun

Happening = Callable[[], Awaitable[Any]]


@workflow.defn(name="FlowRun")
class ImpatientFlowRun(FlowRun):
    """Goes on in a new history after 40 steps."""

    most_steps = 40

    @workflow.init
    def __init__(self, request: FlowRequest) -> None:
        super().__init__(request)

    @workflow.run
    async def run(self, request: FlowRequest) -> FlowResult:
        return await super().run(request)


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
async def flow_worker(
    client: Client,
    stores: Stores,
    settings: Settings,
    *,
    task_queue: str,
    state: Any = None,
    workflow: type = FlowRun,
    max_cached_runs: int = 1000,
) -> AsyncIterator[None]:
    """Run a worker without a relay: that of another worker with the same stores wakes its flows."""
    state = state or stores.state
    database = SqliteDatabase(settings.home / "perdure.db")
    decisions, writes, waits = Decisions(state), StateWrites(state), Waits(stores.events)
    tools = FlowTools(TOOLS, home=settings.home, journal=SqliteResultJournal(database))
    working = Worker(
        client,
        task_queue=task_queue,
        workflows=[workflow],
        activities=[
            decisions.decide,
            decisions.resolve,
            decisions.read_state,
            writes.write_state,
            tools.call_flow_tool,
            EventEmission(stores.state).emit_events,
            waits.register_wait,
            waits.unregister_wait,
        ],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=max_cached_runs,
    )
    async with working:
        yield
    database.close()


async def waiting(log: EventLog, documents: Sequence[tuple[str, str, str]]) -> None:
    """Return once somebody waits for one of these documents (branch, namespace, key)."""
    async with asyncio.timeout(20):
        while not await log.waits("default", documents=documents):
            await asyncio.sleep(0.01)
