"""`kill -9` of workers, relay and dispatcher with them, while events start runs: each event starts one run."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from contracts.ports import EventLog, StateStore
from contracts.state import Commit, Emitted, Write
from events.starts import workflow_id
from perdure.children import Child
from perdure.connection import connect
from perdure.settings import Settings, TemporalSettings
from perdure.stores import open_stores
from perdure.temporal_server import TemporalServer
from tests.support.chaos_worker import WorkerHome, kill
from tests.support.events import new_queue

START_TEAM = {"start_team": {"team": "greeter", "task": "Greet ${event.data.of}."}}
START_FLOW = {"start_flow": {"flow": "tiny", "input": {"of": "${event.data.of}"}}}
_IN_COMMIT = 20


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Two workers; one after the other is killed, and a new one started but for the last time."""

    home: WorkerHome
    command: Sequence[str]
    children: list[Child]

    async def start(self) -> None:
        self.children.append(
            await Child.start([sys.executable, *self.command], environ=self.home.environ, log=self.home.log)
        )

    async def kill_one(self, *, replace: bool) -> None:
        await kill(self.children.pop(0))
        if replace:
            await self.start()


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a test sees of all this. `tenant` is its own."""

    client: Client
    state: StateStore
    log: EventLog
    workers: Workers
    tenant: str

    async def trigger(self, action: dict[str, Any]) -> None:
        write = Write(kind="put", namespace="perdure.triggers", key="start", value={"type": "tried", **action})
        await self.state.commit(Commit(writes=(write,), tenant=self.tenant))

    async def emit(self, numbers: Sequence[int]) -> None:
        """Emit events, and some of them twice."""
        for first in range(0, len(numbers), _IN_COMMIT):
            part = [_event(number) for number in numbers[first : first + _IN_COMMIT]]
            await self.state.commit(Commit(events=tuple(part), tenant=self.tenant))
            await self.state.commit(Commit(events=tuple(part[::3]), tenant=self.tenant))

    async def half_delivered(self, many: int, *, within: float) -> None:
        """Wait until all events are routed and half of so many are left to deliver."""
        async with asyncio.timeout(within):
            while await self._behind() or await self.log.pending() > many // 2:
                await asyncio.sleep(0.02)

    async def delivered(self, numbers: Sequence[int], *, within: float) -> None:
        """Wait until nothing is left to route or deliver of these events."""
        last = workflow_id(self.tenant, "start", "/test", f"e{numbers[-1]}")
        async with asyncio.timeout(within):
            while await self._left() or not await self._started(f"WorkflowId = '{last}'"):
                await asyncio.sleep(0.1)

    async def runs(self, kind: str, *, expected: int, within: float = 30) -> Counter[str]:
        """How often each workflow was started, once Temporal's index has as many as are expected."""
        query = f"WorkflowType = '{kind}' AND StartTime > '2000-01-01T00:00:00Z'"
        async with asyncio.timeout(within):
            while (found := await self._ids(query)).total() < expected:
                await asyncio.sleep(0.2)
        return found

    async def _ids(self, query: str) -> Counter[str]:
        # A run that ends while the pages are read may be on two of them.
        runs = {(found.id, found.run_id) async for found in self.client.list_workflows(query)}
        return Counter(id_ for id_, _ in runs if id_.startswith("event-"))

    async def _started(self, query: str) -> bool:
        return (await self.client.count_workflows(query)).count > 0

    async def _left(self) -> bool:
        return await self._behind() or await self.log.pending() > 0

    async def _behind(self) -> bool:
        return bool(await self.log.events(after=await self.log.cursor(), limit=1))


def _event(number: int) -> Emitted:
    return Emitted(id=f"e{number}", source="/test", type="tried", subject=f"s{number % 50}", data={"of": f"{number}"})


@asynccontextmanager
async def stage(
    client: Client, temporal: TemporalServer, folder: Path, command: Sequence[str], *, app: str
) -> AsyncIterator[Stage]:
    home = WorkerHome(folder=folder, temporal=temporal.place.address, model_url="", app=app)
    workers = Workers(home=home, command=command, children=[])
    async with open_stores(Settings(home=folder)) as stores:
        for _ in range(2):
            await workers.start()
        try:
            yield Stage(client=client, state=stores.state, log=stores.events, workers=workers, tenant=new_queue())
        finally:
            for child in workers.children:
                await child.stop(grace_seconds=5)


async def killed_on_the_way(on: Stage, *, events: int, kills: int, action: dict[str, Any], within: float) -> set[str]:
    """Emit events in parts, with a kill after each, and return the ids of the runs that they must have started."""
    await on.trigger(action)
    part = events // kills
    for number in range(kills):
        await on.emit(range(number * part, (number + 1) * part))
        await on.half_delivered(part, within=within)
        await on.workers.kill_one(replace=number < kills - 1)
    await on.delivered(range(kills * part), within=within)
    return {workflow_id(on.tenant, "start", "/test", f"e{number}") for number in range(kills * part)}


async def test_two_kills_and_each_of_60_events_starts_one_run(
    client: Client, temporal: TemporalServer, tmp_path: Path
) -> None:
    command = ["-m", "tests.support.events_worker", new_queue()]
    async with stage(client, temporal, tmp_path, command, app="tests.support.events_app") as on:
        wanted = await killed_on_the_way(on, events=60, kills=2, action=START_TEAM, within=30)
        runs = await on.runs("AgentRun", expected=60)
        assert {id_: count for id_, count in runs.items() if id_ in wanted} == dict.fromkeys(wanted, 1)
        assert await on.log.dead_letters(tenant=on.tenant) == ()


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_ten_kills_and_each_of_10_000_events_starts_one_run(
    lonely_temporal: TemporalServer, tmp_path: Path
) -> None:
    client = await connect(TemporalSettings(address=lonely_temporal.place.address))
    command = [str(Path(__file__).parents[2] / "worker.py")]
    async with stage(client, lonely_temporal, tmp_path, command, app="tests.support.events_app") as on:
        wanted = await killed_on_the_way(on, events=10_000, kills=10, action=START_FLOW, within=1200)
        runs = await on.runs("FlowRun", expected=10_000, within=120)
        assert {id_: count for id_, count in runs.items() if id_ in wanted} == dict.fromkeys(wanted, 1)
        assert await on.log.dead_letters(tenant=on.tenant) == ()
