"""A scene for tests of events: a database, a Temporal server, a worker with cheap runs, and the service beside it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.event_emission import EventEmission
from contracts.errors import UnknownName
from contracts.events import DeadLetter, Delivery, Event, Woken
from contracts.flows import Flow, FlowRequest
from contracts.ports import DeliveryBus, EventLog, StateStore, WakeUps
from contracts.runs import RunRequest
from contracts.state import Commit, Emitted, Write
from events.in_process_bus import InProcessDeliveryBus
from events.service import EventService, Pace
from events.starts import Starts, workflow_id
from memory.event_log import SqlEventLog
from memory.sql.database import Database
from memory.sqlite_state import SqliteStateDatabase
from memory.sqlite_wakeups import SqliteWakeUps
from memory.state_store import SqlStateStore
from workflows.emit_event import EmitEvent

QUICK = Pace(
    lease=timedelta(seconds=1),
    sweep=timedelta(seconds=0.2),
    hold=timedelta(seconds=2),
    first_delay=timedelta(seconds=0.05),
)
FLOW = Flow.model_validate(
    {"name": "note", "start": "tell", "steps": {"tell": {"emit": {"type": "noted"}, "next": "end"}}}
)


def new_queue() -> str:
    """The name of a task queue that nobody uses."""
    return f"events-{secrets.token_hex(6)}"


@workflow.defn(name="AgentRun")
class QuickRun:
    """A run that is over at once; its result is what it was asked."""

    @workflow.run
    async def run(self, request: RunRequest) -> RunRequest:
        return request


@workflow.defn(name="FlowRun")
class QuickFlow:
    """A flow that is over at once; its result is what it was asked."""

    @workflow.run
    async def run(self, request: FlowRequest) -> FlowRequest:
        return request


@workflow.defn
class Listener:
    """Notes what it is signalled, until it is told to stop."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._woken: list[Woken] = []
        self._stopped = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._stopped)

    @workflow.signal
    def event(self, event: Event) -> None:
        self._events.append(event)

    @workflow.signal
    def wake(self, woken: Woken) -> None:
        self._woken.append(woken)

    @workflow.signal
    def stop(self) -> None:
        self._stopped = True

    @workflow.query
    def events(self) -> list[Event]:
        return self._events

    @workflow.query
    def woken(self) -> list[Woken]:
        return self._woken


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a test of events needs; `serving` begins to route and deliver.

    Attributes:
        started_ids: the workflows that events have started, each as often as it was started.
        forgetful: whether Temporal lets a closed run be started again, as if it had forgotten it.
    """

    client: Client
    queue: str
    state: StateStore
    log: EventLog
    wake_ups: WakeUps
    bus: DeliveryBus
    forgetful: bool = False
    started_ids: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def serving(self, pace: Pace = QUICK, *, name: str = "ann") -> AsyncIterator[EventService]:
        """The service of one worker."""
        starts = Starts(self._start, flow_of=_flow_of)
        async with EventService(
            log=self.log,
            state=self.state,
            wake_ups=self.wake_ups,
            bus=self.bus,
            client=self.client,
            starts=starts,
            worker=name,
            pace=pace,
        ) as service:
            yield service

    @property
    def tenant(self) -> str:
        """The scene's own, since the server remembers what other tests have started."""
        return self.queue

    async def trigger(self, name: str, **fields: Any) -> int:
        """Write a trigger, by default one that greets who paid."""
        greets = {"team": "greeter", "task": "Greet ${event.data.name}."}
        action = {} if fields.keys() & {"start_team", "start_flow", "signal"} else {"start_team": greets}
        return await self.put("perdure.triggers", name, {"type": "invoice.paid", **action, **fields})

    async def put(self, namespace: str, key: str, value: Any, *, branch: str = "main") -> int:
        """Write a document."""
        write = Write(kind="put", namespace=namespace, key=key, value=value)
        return (await self.state.commit(Commit(writes=(write,), branch=branch, tenant=self.tenant))).sequence

    async def emit(self, *ids: str, source: str = "/shop", subject: str | None = None, **fields: Any) -> int:
        """Emit events in one commit."""
        data = fields.pop("data", {"name": "Ada"})
        values = {"type": "invoice.paid", "source": source, "subject": subject, **fields}
        events = tuple(Emitted.model_validate({"id": id_, "data": data, **values}) for id_ in ids)
        return (await self.state.commit(Commit(events=events, tenant=self.tenant))).sequence

    def id_of(self, trigger: str, event_id: str, *, source: str = "/shop") -> str:
        """The id of the run that an event starts."""
        return workflow_id(self.tenant, trigger, source, event_id)

    async def dead_letters(self) -> tuple[DeadLetter, ...]:
        """What was given up, the latest first."""
        return await self.log.dead_letters(tenant=self.tenant)

    async def result(self, trigger: str, event_id: str, *, source: str = "/shop") -> Any:
        """What the run that an event started was asked, as soon as it is over."""
        id_ = self.id_of(trigger, event_id, source=source)
        async with asyncio.timeout(20):
            await self._there(id_)
            return await self.client.get_workflow_handle(id_).result()

    async def is_there(self, id_: str) -> bool:
        """Whether Temporal knows a workflow."""
        try:
            await self.client.get_workflow_handle(id_).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    async def until(self, asked: Callable[[], Awaitable[object]], *, is_: object = True, seconds: float = 20) -> None:
        """Wait until something has a value; it is asked every 20 ms."""
        async with asyncio.timeout(seconds):
            while await asked() != is_:
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def listener(self, name: str) -> AsyncIterator[WorkflowHandle[Listener, None]]:
        """A workflow `<name>-<queue>` that notes its signals, and is over when the context ends."""
        id_ = f"{name}-{self.queue}"
        handle: WorkflowHandle[Listener, None] = await self.client.start_workflow(
            Listener.run, id=id_, task_queue=self.queue
        )
        yield handle
        await handle.signal(Listener.stop)
        await handle.result()

    def delivery(self, trigger: str, event: Event) -> Delivery:
        """The delivery of an event to a trigger."""
        return Delivery(id=0, target="trigger", name=trigger, tenant=self.tenant, lane=event.lane, event=event)

    async def idle(self) -> None:
        """Wait until everything that was committed is routed and delivered."""
        async with asyncio.timeout(20):
            while await self._is_behind() or await self.log.pending():
                await asyncio.sleep(0.02)

    async def _is_behind(self) -> bool:
        return bool(await self.log.events(after=await self.log.cursor(), limit=1))

    async def _there(self, id_: str) -> None:
        while not await self.is_there(id_):
            await asyncio.sleep(0.02)

    async def _start(self, request: RunRequest | FlowRequest) -> None:
        kind = "AgentRun" if isinstance(request, RunRequest) else "FlowRun"
        policies = WorkflowIDReusePolicy
        policy = policies.ALLOW_DUPLICATE if self.forgetful else policies.REJECT_DUPLICATE
        try:
            await self.client.start_workflow(
                kind, request, id=request.run_id, task_queue=self.queue, id_reuse_policy=policy
            )
        except WorkflowAlreadyStartedError:
            return
        self.started_ids.append(request.run_id)


def _flow_of(name: str) -> tuple[Flow, Mapping[str, Flow]]:
    if name != FLOW.name:
        raise UnknownName("flow", name, [FLOW.name])
    return FLOW, {}


@asynccontextmanager
async def scene(
    client: Client, folder: Path, *, before: Callable[[Database], Database] | None = None
) -> AsyncIterator[Scene]:
    """A scene on a database file of its own. Listeners that still run at its end are terminated.

    Args:
        client: connection to the server.
        folder: where the database is.
        before: puts something before the database.
    """
    file = folder / "state.db"
    wake_ups = SqliteWakeUps(file)
    database: Database = SqliteStateDatabase(file, wake_ups=wake_ups)
    seen = database if before is None else before(database)
    state = SqlStateStore(seen, wake_ups=wake_ups)
    queue = new_queue()
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[QuickRun, QuickFlow, Listener, EmitEvent],
        activities=[EventEmission(state).emit_events],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        yield Scene(
            client=client,
            queue=queue,
            state=state,
            log=SqlEventLog(seen),
            wake_ups=wake_ups,
            bus=InProcessDeliveryBus(),
        )
    await wake_ups.close()
    await database.close()
