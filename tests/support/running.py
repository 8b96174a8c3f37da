"""A worker of a test's own, and runs through the public door: fresh task queue, fresh data folder, one model server."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import ActivityTaskScheduledEventAttributes, HistoryEvent
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    StartWorkflowInput,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowHistory,
)

import worker
from activities.memories import RunMemories
from contracts.runs import TranscriptEntry
from perdure import Perdure
from perdure.memory_settings import MemorySettings
from perdure.run import Run
from perdure.settings import Price, Settings
from tests.support.stock import KEY, MODEL
from tests.support.teams import Turn

APP = "tests.support.app"
TASK = "Do the work."


class _OnQueue(Interceptor):
    """Starts workflows on one task queue, whatever they ask for."""

    def __init__(self, task_queue: str) -> None:
        self.task_queue = task_queue
        self.started: list[str] = []

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        return _QueueOutbound(next, self)


class _QueueOutbound(OutboundInterceptor):
    def __init__(self, inner: OutboundInterceptor, queue: _OnQueue) -> None:
        super().__init__(inner)
        self._queue = queue

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        input.task_queue = self._queue.task_queue
        self._queue.started.append(input.id)
        return await self.next.start_workflow(input)


@dataclass(frozen=True)
class Runner:
    """A worker that runs, and the door to it.

    Attributes:
        perdure: starts runs on this worker's task queue.
        client: the same connection, for looks at histories.
        settings: what the worker was built with.
        task_queue: its task queue.
    """

    perdure: Perdure
    client: Client
    settings: Settings
    task_queue: str

    async def start(self, team: str, task: str = TASK, **options: Any) -> Run:
        """Start a run; the options are those of `Perdure.start`."""
        return await self.perdure.start(team, task, **options)

    async def history(self, run: Run) -> WorkflowHistory:
        """The run's history as it is now."""
        return await self.client.get_workflow_handle(run.id).fetch_history()

    async def scheduled(self, run: Run) -> list[ActivityTaskScheduledEventAttributes]:
        """The activities that the run has scheduled, in order."""
        return scheduled(await self.history(run))

    async def call_ids(self, run: Run) -> list[str]:
        """The ids of the activities that the run has scheduled, in order."""
        return [activity.activity_id for activity in await self.scheduled(run)]


def scheduled(history: WorkflowHistory) -> list[ActivityTaskScheduledEventAttributes]:
    """The activities that a history has scheduled, in order."""
    return [
        event.activity_task_scheduled_event_attributes
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]


def position(history: WorkflowHistory, kind: EventType.ValueType) -> int:
    """The place of the first event of a kind in a history."""
    return next(place for place, event in enumerate(history.events) if event.event_type == kind)


def seconds_between(first: HistoryEvent, last: HistoryEvent) -> float:
    """Seconds from one event to another, by the server's clock."""
    return (last.event_time.ToNanoseconds() - first.event_time.ToNanoseconds()) / 1e9


def turns(entries: tuple[TranscriptEntry, ...]) -> tuple[Turn, ...]:
    """What was said, without tool calls and thoughts."""
    return tuple(Turn(entry.source, entry.text) for entry in entries if entry.kind == "message")


def new_queue() -> str:
    """The name of a task queue that nobody uses."""
    return f"test-{secrets.token_hex(6)}"


async def door(client: Client, task_queue: str) -> Perdure:
    """Start runs on a task queue, whether or not a worker serves it."""
    return await Perdure.using(_on(client, _OnQueue(task_queue)))


@asynccontextmanager
async def runner(
    client: Client,
    home: Path,
    *,
    model_url: str | None,
    app: tuple[str, ...] = (APP,),
    max_cached_runs: int = 1_000,
    prices: dict[str, Price] | None = None,
    model: str = MODEL,
    task_queue: str | None = None,
    stores: Settings | None = None,
    memories: RunMemories | None = None,
    memory_enabled: bool = True,
) -> AsyncIterator[Runner]:
    """Run a worker. Runs that it has not ended when the context ends are terminated.

    Args:
        client: connection to the server.
        home: the worker's data folder.
        model_url: base URL of the model server; None means the scripted model.
        app: modules with teams, models and tools.
        max_cached_runs: 0 replays each workflow task from the start.
        prices: prices of models.
        model: the model server's name for the default model.
        task_queue: by default a new one.
        stores: names the database and Redis; by default there is a file in the data folder.
        memories: what runs remember with; by default what the settings say.
        memory_enabled: whether the settings allow memory.
    """
    queue = _OnQueue(task_queue or new_queue())
    settings = Settings(
        home=home,
        app=app,
        prices=prices or {},
        model=model if model_url else None,
        openai_api_key=SecretStr(KEY) if model_url else None,
        openai_base_url=model_url,
        database_url=stores.database_url if stores else None,
        redis_url=stores.redis_url if stores else None,
        memory=MemorySettings(enabled=memory_enabled, extractor="rules"),
    )
    own = _on(client, queue)
    async with AsyncExitStack() as stack:
        built = await worker.build(
            own, settings, stack, task_queue=queue.task_queue, max_cached_runs=max_cached_runs, memories=memories
        )
        perdure = await Perdure.using(own, settings=settings)
        stack.push_async_callback(perdure.close)
        async with built:
            try:
                yield Runner(perdure, own, settings, queue.task_queue)
            finally:
                await asyncio.gather(*(_terminate(own, run_id) for run_id in queue.started))


def _on(client: Client, queue: _OnQueue) -> Client:
    config = client.config()
    config["interceptors"] = [queue]
    return Client(**config)


async def _terminate(client: Client, run_id: str) -> None:
    handle = client.get_workflow_handle(run_id)
    if (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
        await handle.terminate("the test is over")
