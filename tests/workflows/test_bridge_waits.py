"""An agent whose turn is to wait for an event: the conversation goes on with it, once, in order."""

from __future__ import annotations

import asyncio
import json
from functools import partial

import pytest
from temporalio.client import Client

from contracts.errors import RunCancelled
from contracts.runs import Budget
from tests.conftest import NewRunner
from tests.support.model_server import ModelServer
from tests.support.outside import event, hand_over, told_before_its_worker, waiting, waits, wake
from tests.support.running import APP, Runner, turns


@pytest.fixture
def bridging(new_runner: NewRunner) -> NewRunner:
    """Makes workers with the teams that wait."""
    return partial(new_runner, app=(APP, "tests.support.bridge_teams"))


async def test_a_conversation_goes_on_with_the_event_it_waits_for(
    bridging: NewRunner, model_server: ModelServer
) -> None:
    async with bridging(max_cached_runs=0) as running:
        run = await running.start("paid")
        wait = await waiting(running, run)
        assert (wait.type, wait.workflow_id) == ("invoice.paid", run.id)
        await wake(running, run, event(7, data={"number": 7, "by": "Zoë"}), wait=wait)
        await run.result(timeout=40)
        said = turns(await run.transcript())
        ids = await running.call_ids(run)
    assert [turn.source for turn in said] == ["user", "clerk", "billing", "clerk"]
    assert json.loads(said[2].text) == {"number": 7, "by": "Zoë"}
    assert ids == ["clerk:1", "billing:1:wait", "billing:1:wait.end", "clerk:2"]
    assert sum('"Zoë"' in text for text in model_server.requests[-1].request.texts) == 1


async def test_an_event_for_the_run_itself_will_do_and_may_come_before_the_team_is_there(
    bridging: NewRunner, client: Client
) -> None:
    early = (event(1, type="invoice.sent"), event(2), event(2), event(3))
    run, queue = await told_before_its_worker(client, "paid", *early)
    async with bridging(task_queue=queue) as running:
        await run.result(timeout=40)
        said = turns(await run.transcript())
        assert await waits(running, run) == []
    assert json.loads(said[2].text) == {"number": 2}


async def test_what_is_waited_for_is_said_to_whoever_routes_events(bridging: NewRunner) -> None:
    async with bridging() as running:
        run = await running.start("choosy")
        wait = await waiting(running, run)
        assert (wait.source, wait.when) == ("/erp", "event.data.sum > 100")
        # Whether the condition holds for an event that is addressed to the run cannot be said in a workflow.
        await hand_over(running, run, event(1))
        await wake(running, run, event(2), wait=wait)
        await run.result(timeout=40)
        said = turns(await run.transcript())
    assert json.loads(said[2].text) == {"number": 2}


async def test_a_wait_is_told_one_event_and_the_next_wait_asks_for_what_came_after(bridging: NewRunner) -> None:
    async with bridging(max_cached_runs=0) as running:
        run = await running.start("following")
        first = await waiting(running, run)
        for number in (5, 6, 5):
            await wake(running, run, event(number), wait=first)
        second = await waiting(running, run, times=2)
        assert second.after == 5
        await wake(running, run, event(5), wait=first)
        await hand_over(running, run, event(8), event(8))
        third = await waiting(running, run, times=3)
        assert third.after == 5
        # It came by itself before: the agent waits on, for what came after it.
        await wake(running, run, event(8), wait=third)
        fourth = await waiting(running, run, times=4)
        assert fourth.after == 8
        await wake(running, run, event(8, source="/crm"), wait=fourth)
        await run.result(timeout=40)
        said = turns(await run.transcript())
    heard = [turn.text for turn in said if turn.source == "billing"]
    assert heard == ['{"number": 5}', '{"number": 8}', '{"number": 8}']


async def test_who_waits_for_nothing_says_so(bridging: NewRunner) -> None:
    async with bridging() as running:
        run = await running.start("hasty")
        await run.result(timeout=40)
        said = turns(await run.transcript())
        ids = await running.call_ids(run)
    assert said[1].text == "No event 'invoice.paid' came within 0.2 s."
    assert ids == ["billing:1:wait", "billing:1:wait.end", "clerk:1"]


async def test_a_run_that_waits_can_be_cancelled(bridging: NewRunner) -> None:
    async with bridging() as running:
        run = await running.start("paid")
        wait = await waiting(running, run)
        await run.cancel()
        with pytest.raises(RunCancelled):
            await asyncio.wait_for(run.result(), 20)
        assert (await running.call_ids(run))[-1] == f"{wait.id}.left"
        assert wait.id.startswith(f"{run.id}/billing/")


async def test_a_budget_ends_a_run_that_waits(bridging: NewRunner) -> None:
    async with bridging() as running:
        run = await running.start("paid", budget=Budget(wall_seconds=0.5))
        result = await run.result(timeout=40)
        ids = await running.call_ids(run)
    assert result.stop_reason == "budget"
    assert ids[-1].endswith(".left")


async def test_the_server_can_be_asked_who_waits(bridging: NewRunner) -> None:
    async with bridging() as running:
        run = await running.start("paid")
        wait = await waiting(running, run)
        assert await _waiting_for(running, run.id) == "event"
        await wake(running, run, event(1), wait=wait)
        await run.result(timeout=40)
        assert await _waiting_for(running, run.id) == "nothing"


async def _waiting_for(running: Runner, run_id: str) -> str | None:
    described = await running.client.get_workflow_handle(run_id).describe()
    values = described.search_attributes.get("PerdureWaitingFor")
    return str(values[0]) if values else None
