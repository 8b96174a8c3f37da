"""Core agents in a workflow: topics, models and tools, events from outside and events that they make."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from contracts.errors import RunCancelled, RunFailed
from contracts.runs import Budget
from tests.conftest import NewRunner
from tests.support import answers
from tests.support.answers import Answer, Slow, Text
from tests.support.chat import ChatRequest
from tests.support.model_server import ModelServer
from tests.support.outside import emitted, event, hand_over, until_emitted
from tests.support.rules import always, halt_after, until_waiting
from tests.support.running import APP, turns


@pytest.fixture
def routing(new_runner: NewRunner) -> NewRunner:
    """Makes workers with the routed teams."""
    return partial(new_runner, app=(APP, "tests.support.routed_teams"))


def opine(request: ChatRequest) -> Answer:
    """The longer the claim, the sooner the answer."""
    claim = request.last_text
    return Slow(0.3 / len(claim), Text(f"granted: {claim}"))


async def test_an_event_is_asked_about_and_becomes_another_event(routing: NewRunner, model_server: ModelServer) -> None:
    model_server.reset(opine)
    async with routing(max_cached_runs=0) as running:
        run = await running.start("claims")
        filed = [
            event(number, type="claim.filed", data={"what": what})
            for number, what in enumerate(["a", "bb", "ccccc"], start=1)
        ]
        await hand_over(running, run, *filed, filed[0], event(7, type="unknown"))
        await until_emitted(running, run, 3)
        await hand_over(running, run, event(9, type="closing"))
        result = await run.result(timeout=40)
        said = turns(await run.transcript())
        ids = await running.call_ids(run)
        events = await emitted(running, run)
    assert result.answer == "closed by e9"
    assert result.detail == "A message was published to 'closed'."
    # Each agent takes one message after another, so the claims keep their order.
    assert [(one.type, one.subject) for one in events] == [("claim.decided", claim) for claim in ("a", "bb", "ccccc")]
    assert events[1].data == {"claim": "bb", "verdict": "granted: bb (3)"}
    assert [turn.text for turn in said if turn.source == "event"] == [
        "Claim: a",
        "Claim: bb",
        "Claim: ccccc",
        '{"number": 9}',
    ]
    assert [id_ for id_ in ids if id_.startswith("clerk")] == ["clerk:1", "clerk:2", "clerk:3"]
    assert [id_ for id_ in ids if id_.startswith("auditor")] == [
        "auditor:0:add.0",
        "auditor:0:add.1",
        "auditor:0:add.2",
    ]


async def test_a_routed_team_ends_when_nobody_has_anything_left_to_do(
    routing: NewRunner, model_server: ModelServer
) -> None:
    model_server.reset(opine)
    async with routing(max_cached_runs=0) as running:
        run = await running.start("one-claim", "A broken window")
        result = await run.result(timeout=40)
        said = turns(await run.transcript())
    assert result.answer == '{"claim": "A broken window", "verdict": "granted: A broken window (16)"}'
    assert result.detail == "Nobody has anything left to do."
    assert [turn.source for turn in said] == ["user", "clerk", "auditor"]
    assert result.usage.turns == 2


async def test_an_event_that_is_not_what_its_rule_says_is_told_and_passed_over(
    routing: NewRunner, model_server: ModelServer
) -> None:
    model_server.reset(opine)
    async with routing() as running:
        run = await running.start("claims")
        await hand_over(running, run, event(1, type="claim.filed", data=[7]), event(2, type="closing"))
        await run.result(timeout=40)
        said = turns(await run.transcript())
    assert "is not what its rule makes of it" in said[1].text
    assert said[1].text.endswith("its data: [7]")


async def test_a_failure_of_a_core_agent_ends_the_run_with_its_type(
    routing: NewRunner, model_server: ModelServer
) -> None:
    model_server.reset(always(answers.forbidden()))
    async with routing() as running:
        run = await running.start("one-claim")
        with pytest.raises(RunFailed, match="not supported") as caught:
            await run.result(timeout=40)
    assert caught.value.kind == "ModelRefused"


async def test_a_budget_ends_a_routed_team(routing: NewRunner, model_server: ModelServer) -> None:
    model_server.reset(opine)
    async with routing() as running:
        run = await running.start("one-claim", budget=Budget(turns=1))
        result = await run.result(timeout=40)
    assert result.stop_reason == "budget"
    assert result.usage.turns == 1


async def test_a_routed_team_can_be_cancelled(routing: NewRunner, model_server: ModelServer) -> None:
    model_server.reset(halt_after(0))
    async with routing() as running:
        run = await running.start("one-claim")
        await until_waiting(model_server, 1)
        await run.cancel()
        with pytest.raises(RunCancelled):
            await asyncio.wait_for(run.result(), 20)
