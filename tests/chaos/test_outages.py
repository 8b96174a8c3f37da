"""What runs do while Temporal is away, and when two workers share one home folder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from temporalio.client import Client

from perdure import Perdure, connection, temporal_binary
from perdure.ports import free_port
from perdure.settings import TemporalSettings
from perdure.temporal_server import ServerPlace, TemporalServer
from tests.support.chaos_chains import Part, parts
from tests.support.chaos_errand import MODEL_CALLS, QUICK_TOOLS, SLOW_TOOLS, TASK, TEAM, traces
from tests.support.chaos_model import chaos_model
from tests.support.chaos_worker import WorkerHome, kill
from tests.support.model_process import ModelProcess

APP = "tests.support.chaos_errand"
RUNS = 12


@pytest.fixture
async def model() -> AsyncIterator[ModelProcess]:
    """A model server process."""
    async with chaos_model("errand") as process:
        yield process


@pytest.fixture
async def server(tmp_path: Path) -> TemporalServer:
    """A Temporal server that can be stopped and started again on its data; not started."""
    place = ServerPlace(port=free_port(), ui_port=free_port(), database=tmp_path / "t.db", log=tmp_path / "t.log")
    return TemporalServer(await temporal_binary.find(os.environ, say=lambda _: None), place)


@pytest.mark.long
@pytest.mark.parametrize("killed", [pytest.param(False, id="stopped"), pytest.param(True, id="killed")])
async def test_a_run_goes_on_when_temporal_is_back(
    killed: bool, server: TemporalServer, model: ModelProcess, tmp_path: Path
) -> None:
    home = WorkerHome(tmp_path / "home", server.place.address, model.url, APP)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        await server.start()
        worker = await stack.enter_async_context(home.worker())
        perdure = await Perdure.using(await _client(server))
        run = await perdure.start(TEAM, TASK)
        while len(await model.requests()) < 2:
            await asyncio.sleep(0.02)
        await (kill(server.child) if killed else server.stop())
        await asyncio.sleep(3)
        await server.start()
        again = await Perdure.using(await _client(server))
        result = await asyncio.wait_for((await again.get(run.id)).result(), 60)
        assert worker.exit_code is None
    requests = await model.requests()
    assert result.usage.model_calls == MODEL_CALLS
    assert len({request["prompt"] for request in requests}) == MODEL_CALLS
    assert len(requests) <= MODEL_CALLS + 1


@pytest.mark.long
async def test_two_workers_share_a_home(
    model: ModelProcess, temporal: TemporalServer, client: Client, tmp_path: Path
) -> None:
    home = WorkerHome(tmp_path, temporal.place.address, model.url, APP)
    perdure = await Perdure.using(client)
    async with AsyncExitStack() as first, home.worker() as other:
        one = await first.enter_async_context(home.worker())
        runs = [await perdure.start(TEAM, TASK) for _ in range(RUNS)]
        while len(await model.requests()) < RUNS:
            await asyncio.sleep(0.02)
        await first.aclose()  # what it has begun is the other's now
        results = await asyncio.gather(*(asyncio.wait_for(run.result(), 100) for run in runs))
        served = set[str]().union(*[_workers(part) for run in runs for part in await parts(client, run.id)])
    assert [result.usage.model_calls for result in results] == [MODEL_CALLS] * RUNS
    assert len(await model.requests()) == MODEL_CALLS * RUNS
    for run in runs:
        words = sorted(line.removeprefix("end ") for line in traces(tmp_path, run.id) if line.startswith("end"))
        assert words == sorted((*SLOW_TOOLS, *QUICK_TOOLS))
    assert {name.partition("@")[0] for name in served} <= {str(one.pid), str(other.pid)}
    said = home.log.read_text()
    assert "locked" not in said
    assert "Traceback" not in said


async def _client(server: TemporalServer) -> Client:
    return await connection.connect(TemporalSettings(address=server.place.address))


def _workers(part: Part) -> set[str]:
    """Identities of the workers that did something in a history."""
    started = [event.activity_task_started_event_attributes.identity for event in part.history.events]
    return set(filter(None, started))
