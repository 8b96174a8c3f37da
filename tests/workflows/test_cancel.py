"""A cancelled run schedules nothing more, cuts the requests to its models, and is closed within two seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory

from contracts.errors import RunCancelled
from perdure.run import Run
from tests.conftest import NewRunner
from tests.support import odd_teams
from tests.support.answers import Answer, Call, Tools, hang
from tests.support.chat import ChatRequest
from tests.support.model_server import ModelServer
from tests.support.rules import disconnected, halt_after, until_waiting, waiting
from tests.support.running import APP, Runner, door, new_queue, runner, seconds_between
from tests.support.waiting import until

# How many calls are answered before one hangs, and how many then hang at once.
HALTS = {
    "single": (0, 1),
    "streaming": (0, 1),
    "round_robin": (2, 1),
    "selector": (0, 1),
    "swarm": (1, 1),
    "graph_parallel": (0, 5),
    "magentic_one": (3, 1),
    "society_of_mind": (1, 1),
    "nested": (1, 1),
    "agent_as_tool": (1, 1),
    "team_as_tool": (2, 1),
    "reflection": (1, 1),
    "structured": (0, 1),
}


@pytest.fixture
async def odd(new_runner: NewRunner) -> AsyncIterator[Runner]:
    async with new_runner(app=(APP, "tests.support.odd_teams")) as running:
        yield running


async def _cancelled(run: Run) -> None:
    await run.cancel()
    with pytest.raises(RunCancelled) as caught:
        await run.result(timeout=10)
    assert caught.value.run_id == run.id


def _assert_closed_at_once(history: WorkflowHistory) -> None:
    kinds = [event.event_type for event in history.events]
    request = kinds.index(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED)
    assert kinds[-1] == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED
    assert EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED not in kinds[request:]
    assert seconds_between(history.events[request], history.events[-1]) < 2


@pytest.mark.parametrize("team", HALTS)
async def test_cancel_during_a_model_call(team: str, model_server: ModelServer, running: Runner) -> None:
    answered, hanging = HALTS[team]
    model_server.reset(halt_after(answered))
    run = await running.start(team)
    await until_waiting(model_server, hanging)
    await _cancelled(run)
    _assert_closed_at_once(await running.history(run))
    await until(lambda: model_server.count(waiting) == 0, seconds=1)
    assert model_server.count(disconnected) == hanging
    assert model_server.count() == answered + hanging


@pytest.mark.parametrize("team", ["round_robin", "selector", "graph_parallel", "nested"])
async def test_cancel_of_a_run_that_is_replayed(team: str, model_server: ModelServer, new_runner: NewRunner) -> None:
    answered, hanging = HALTS[team]
    model_server.reset(halt_after(answered))
    async with new_runner(max_cached_runs=0) as running:
        run = await running.start(team)
        await until_waiting(model_server, hanging)
        await _cancelled(run)
        _assert_closed_at_once(await running.history(run))
        await until(lambda: model_server.count(disconnected) == hanging, seconds=1)


async def test_what_was_said_before_the_cancel_is_kept(model_server: ModelServer, running: Runner) -> None:
    model_server.reset(halt_after(2))
    run = await running.start("round_robin")
    await until_waiting(model_server, 1)
    await _cancelled(run)
    assert [entry.source for entry in await run.transcript()] == ["user", "alice", "bob"]


@pytest.mark.parametrize("tool", ["nap", "blocking_nap", "quick_nap"])
async def test_cancel_during_a_tool(tool: str, model_server: ModelServer, odd: Runner) -> None:
    odd_teams.cancelled.clear()
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def rule(request: ChatRequest) -> Answer:
        loop.call_soon_threadsafe(begun.set)
        # A quick tool promises to end within a second: a cancel is not heard before.
        arguments = {"seconds": 0.9 if tool == "quick_nap" else 4, **({"label": tool} if tool == "nap" else {})}
        return hang() if request.last_role == "tool" else Tools((Call(tool, arguments),))

    model_server.reset(rule)
    run = await odd.start("sleepers")
    await begun.wait()
    await asyncio.sleep(0.5)
    await _cancelled(run)
    history = await odd.history(run)
    _assert_closed_at_once(history)
    # A quick tool ends within the workflow task that has not heard the cancel yet: the next call is begun, and cut.
    assert model_server.count() == (2 if tool == "quick_nap" else 1)
    if tool == "nap":
        await until(lambda: odd_teams.cancelled == ["nap"], seconds=2, what="the tool's own cancel")


async def test_cancel_before_the_first_call(client: Client, tmp_path: Path, model_server: ModelServer) -> None:
    queue = new_queue()
    run = await (await door(client, queue)).start("round_robin", "Do the work.")
    await run.cancel()
    async with runner(client, tmp_path, model_url=model_server.url, task_queue=queue):
        with pytest.raises(RunCancelled):
            await run.result(timeout=10)
    assert model_server.count() == 0


async def test_cancel_of_a_run_that_has_ended_changes_nothing(running: Runner) -> None:
    run = await running.start("single")
    result = await run.result(timeout=10)
    await run.cancel()
    assert await run.result(timeout=10) == result


async def test_two_cancels_are_one(model_server: ModelServer, running: Runner) -> None:
    model_server.reset(halt_after(0))
    run = await running.start("graph_parallel")
    await until_waiting(model_server, 5)
    await asyncio.gather(run.cancel(), run.cancel())
    with pytest.raises(RunCancelled):
        await run.result(timeout=10)
    _assert_closed_at_once(await running.history(run))
