"""The worker: settings, adapters, activities, run. A list without logic."""

from __future__ import annotations

import asyncio
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.conversations import Conversations
from activities.decisions import Decisions
from activities.event_emission import EventEmission
from activities.flow_tools import FlowTools
from activities.memories import Memories, RunMemories
from activities.model_calls import ModelCalls
from activities.state_writes import StateWrites
from activities.tool_calls import ToolCalls
from activities.waits import Waits
from agents.chat_models import ModelSettings, RegisteredChatModels
from agents.prices import Price, PriceTable
from agents.registry import load_app
from contracts.conversation_ports import ResultJournal
from contracts.flows import FlowRequest
from contracts.memory_calls import Warming
from contracts.ports import StateStore
from contracts.runs import RunRequest
from events.service import EventService
from events.starts import Starts
from perdure import Perdure, flow_requests
from perdure.cli.app import main
from perdure.connection import TASK_QUEUE, connect
from perdure.conversation_stores import ConversationStores, open_conversation_stores
from perdure.memory_stores import open_memory
from perdure.run_requests import flow_memory_policy
from perdure.settings import Settings
from perdure.stores import Stores, open_stores
from tools.registry import TOOLS
from workflows.agent_run import AgentRun
from workflows.emit_event import EmitEvent
from workflows.flow_run import FlowRun

# The SDK says so where a run is forgotten while its local activity ends; the run is replayed and nothing is lost.
warnings.filterwarnings("ignore", message="Cannot find activity to cancel for token b'local_act_", category=UserWarning)

MAX_CACHED_RUNS = 1_000


async def build(
    client: Client,
    settings: Settings,
    stack: AsyncExitStack,
    *,
    task_queue: str = TASK_QUEUE,
    max_cached_runs: int = MAX_CACHED_RUNS,
    workflows: Sequence[type] = (),
    memories: RunMemories | None = None,
) -> Worker:
    """Put a worker together, with the relay of events beside it. What it opens is closed by the stack.

    Args:
        client: connection to Temporal.
        settings: what the worker is made of.
        stack: closes what is opened here.
        task_queue: whose tasks it takes.
        max_cached_runs: runs that it remembers between two tasks; 0 replays each of them from its start.
        workflows: written by hand, run beside the engine's own.
        memories: what runs remember with; by default what the settings say.

    Raises:
        ConfigurationError: an app module or a model setting is wrong.
        BackendUnavailable: the database cannot be opened.
    """
    load_app(settings.app)
    stores = await stack.enter_async_context(open_stores(settings))
    texts = await stack.enter_async_context(open_conversation_stores(settings))
    models = chat_models(settings)
    stack.push_async_callback(models.close)
    remembered = Memories(memories or await _memories(settings, stores, stack, models=models), segments=texts.segments)
    stack.push_async_callback(remembered.close)
    await stack.enter_async_context(await event_service(client, stores, settings))
    return Worker(
        client,
        task_queue=task_queue,
        workflows=[AgentRun, FlowRun, EmitEvent, *workflows],
        activities=[
            *_team_activities(settings, texts, models=models, state=stores.state, warm=remembered.warm),
            *_memory_activities(remembered),
            *_flow_activities(settings, stores, journal=texts.journal),
        ],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=max_cached_runs,
        # A cancel is heard with the answer to a heartbeat, and a lost worker's tasks go to another one at once.
        max_heartbeat_throttle_interval=timedelta(seconds=1),
        default_heartbeat_throttle_interval=timedelta(seconds=1),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
        graceful_shutdown_timeout=timedelta(seconds=2),
    )


def _team_activities(
    settings: Settings,
    texts: ConversationStores,
    *,
    models: RegisteredChatModels,
    state: StateStore,
    warm: Callable[[Warming], None],
) -> list[Callable[..., Any]]:
    model_calls = ModelCalls(models, store=texts.segments, journal=texts.journal, sequence=state.sequence, warm=warm)
    tool_calls = ToolCalls(TOOLS, home=settings.home, store=texts.segments, journal=texts.journal)
    conversations = Conversations(store=texts.segments, checkpoints=texts.checkpoints)
    return [
        model_calls.prepare_run,
        model_calls.call_model,
        tool_calls.call_tool,
        tool_calls.call_quick_tool,
        conversations.put_segments,
        conversations.save_checkpoint,
        conversations.load_checkpoint,
    ]


async def _memories(
    settings: Settings, stores: Stores, stack: AsyncExitStack, *, models: RegisteredChatModels
) -> RunMemories | None:
    if not settings.memory.enabled:
        return None
    opened = await stack.enter_async_context(open_memory(settings, stores, models=models))
    return RunMemories(
        store=opened.store,
        contexts=opened.contexts,
        learner=opened.learner,
        learns_ranking=settings.memory.learn_ranking,
    )


def _memory_activities(memories: Memories) -> list[Callable[..., Any]]:
    return [memories.recall_memories, memories.query_memories, memories.add_memory, memories.remember_run]


def _flow_activities(settings: Settings, stores: Stores, *, journal: ResultJournal) -> list[Callable[..., Any]]:
    decisions = Decisions(stores.state)
    flow_tools = FlowTools(TOOLS, home=settings.home, journal=journal)
    waits = Waits(stores.events, bus=stores.bus)
    return [
        decisions.decide,
        decisions.resolve,
        decisions.read_state,
        StateWrites(stores.state).write_state,
        flow_tools.call_flow_tool,
        EventEmission(stores.state).emit_events,
        waits.register_wait,
        waits.unregister_wait,
    ]


async def serve(settings: Settings, *, ready: Callable[[], None] | None = None) -> None:
    """Work until SIGINT or SIGTERM.

    Args:
        settings: what the worker is made of.
        ready: called once the worker asks for work.

    Raises:
        ConfigurationError: an app module or a model setting is wrong.
        BackendUnavailable: Temporal does not answer, or the database cannot be opened.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        worker = await build(await connect(settings.temporal), settings, stack)
        async with worker:
            if ready is not None:
                ready()
            await stopped.wait()


async def event_service(client: Client, stores: Stores, settings: Settings) -> EventService:
    """Return what routes and delivers events, not yet begun. It starts runs and flows as any client does."""
    perdure = await Perdure.using(client)

    async def start(request: RunRequest | FlowRequest) -> object:
        return await (perdure.submit(request) if isinstance(request, RunRequest) else perdure.submit_flow(request))

    return EventService(
        log=stores.events,
        state=stores.state,
        wake_ups=stores.wake_ups,
        bus=stores.bus,
        client=client,
        starts=Starts(
            start, flow_of=flow_requests.pinned, memory=flow_memory_policy(None, enabled=settings.memory.enabled)
        ),
        worker=client.identity,
    )


def chat_models(settings: Settings) -> RegisteredChatModels:
    """Return the models that these settings give; the app must be loaded."""
    return RegisteredChatModels(_model_settings(settings), prices=_prices(settings))


def _model_settings(settings: Settings) -> ModelSettings:
    key = settings.openai_api_key
    return ModelSettings(
        model=settings.model, api_key=key.get_secret_value() if key else None, base_url=settings.openai_base_url
    )


def _prices(settings: Settings) -> PriceTable:
    return PriceTable(
        {name: Price(prompt=price.prompt, completion=price.completion) for name, price in settings.prices.items()}
    )


if __name__ == "__main__":
    main(["worker", *sys.argv[1:]])
