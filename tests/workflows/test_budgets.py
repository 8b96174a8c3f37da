"""A budget is reserved before each call; a spent one ends the run with what it has so far, never with a crash."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.errors import RunFailed
from contracts.runs import Budget, RunResult, TranscriptEntry
from perdure.settings import Price
from tests.conftest import NewRunner
from tests.support.answers import Slow
from tests.support.model_server import ModelServer
from tests.support.rules import disconnected, halt_after, waiting
from tests.support.running import APP, Runner
from tests.support.scripts import teams
from tests.support.waiting import until

CACHES = pytest.mark.parametrize("max_cached_runs", [1_000, 0], ids=["cached", "replayed"])


@pytest.fixture
async def odd(new_runner: NewRunner) -> AsyncIterator[Runner]:
    async with new_runner(app=(APP, "tests.support.odd_teams")) as running:
        yield running


async def _spend(running: Runner, team: str, **limits: Any) -> tuple[RunResult, tuple[TranscriptEntry, ...]]:
    run = await running.start(team, budget=Budget(**limits))
    result = await run.result(timeout=20)
    return result, await run.transcript()


def _sources(entries: tuple[TranscriptEntry, ...]) -> list[str]:
    return [entry.source for entry in entries if entry.kind == "message"]


@CACHES
async def test_model_calls(max_cached_runs: int, model_server: ModelServer, new_runner: NewRunner) -> None:
    async with new_runner(max_cached_runs=max_cached_runs) as running:
        result, entries = await _spend(running, "round_robin", model_calls=4)
    assert (result.stop_reason, result.usage.model_calls, model_server.count()) == ("budget", 4, 4)
    assert _sources(entries) == ["user", "alice", "bob", "carol", "alice"]
    assert result.answer == entries[-1].text
    assert "model_calls" in (result.detail or "")


@CACHES
async def test_calls_are_reserved_across_parallel_agents(
    max_cached_runs: int, model_server: ModelServer, new_runner: NewRunner
) -> None:
    async with new_runner(max_cached_runs=max_cached_runs) as running:
        result, entries = await _spend(running, "graph_parallel", model_calls=3)
    assert (result.stop_reason, result.usage.model_calls, model_server.count()) == ("budget", 3, 3)
    # What was paid for is waited for and kept.
    assert _sources(entries) == ["user", "alpha", "bravo", "charlie"]
    assert model_server.count(disconnected) == 0


async def test_budget_that_is_just_enough_is_not_spent(running: Runner) -> None:
    result, _ = await _spend(running, "round_robin", model_calls=6, turns=6)
    assert (result.stop_reason, result.usage.model_calls) == ("finished", 6)


@pytest.mark.parametrize("team", ["selector", "magentic_one", "society_of_mind", "nested", "agent_as_tool", "swarm"])
@pytest.mark.parametrize("calls", [1, 2, 3])
async def test_each_kind_ends_with_its_budget(
    team: str, calls: int, model_server: ModelServer, running: Runner
) -> None:
    full, _ = await _spend(running, team)
    model_server.reset()
    result, _ = await _spend(running, team, model_calls=calls)
    if full.usage.model_calls > calls:
        assert (result.stop_reason, result.usage.model_calls, model_server.count()) == ("budget", calls, calls)
    else:
        assert result.stop_reason == "finished"


async def test_turns(running: Runner) -> None:
    result, entries = await _spend(running, "round_robin", turns=2)
    assert (result.stop_reason, result.usage.turns, result.usage.model_calls) == ("budget", 2, 2)
    assert _sources(entries) == ["user", "alice", "bob"]
    assert result.answer == entries[-1].text


async def test_tokens(running: Runner) -> None:
    result, entries = await _spend(running, "ten_agents", tokens=400)
    assert result.stop_reason == "budget"
    assert 1 < len(_sources(entries)) < 21
    assert result.usage.prompt_tokens + result.usage.completion_tokens <= 400
    assert "tokens" in (result.detail or "")


async def test_first_call_may_be_too_much(model_server: ModelServer, running: Runner) -> None:
    result, entries = await _spend(running, "round_robin", tokens=10)
    assert (result.stop_reason, result.answer, model_server.count()) == ("budget", "", 0)
    assert _sources(entries) in (["user"], [])


async def test_dollars_by_an_overridden_price(model_server: ModelServer, new_runner: NewRunner) -> None:
    prices = {"gpt-4o-mini": Price(prompt=1_000, completion=2_000)}
    async with new_runner(prices=prices) as running:
        free, _ = await _spend(running, "round_robin")
        assert free.usage.usd == pytest.approx(
            (free.usage.prompt_tokens * 1_000 + free.usage.completion_tokens * 2_000) / 1e6
        )
        model_server.reset()
        # A call is held to cost its prompt and 256 tokens of answer: 0.51 dollars here and a bit.
        result, entries = await _spend(running, "round_robin", usd=0.58)
    assert result.stop_reason == "budget"
    assert 1 < len(_sources(entries)) < 7
    assert 0 < result.usage.usd <= 0.58


async def test_dollars_for_a_model_without_a_price_are_refused(
    model_server: ModelServer, new_runner: NewRunner
) -> None:
    async with new_runner(model="llama-of-my-own") as running:
        free, _ = await _spend(running, "single")
        assert (free.usage.usd, free.usage.unpriced_calls) == (0, 1)
        model_server.reset()
        run = await running.start("single", budget=Budget(usd=1))
        with pytest.raises(RunFailed, match="'llama-of-my-own' has no price: add it to") as caught:
            await run.result(timeout=10)
    assert caught.value.kind == "ConfigurationError"
    assert model_server.count() == 0


@pytest.mark.parametrize(("team", "limit", "done"), [("tool_loop", 2, 2), ("same_tool_twice", 1, 1)])
async def test_tool_calls_in_a_turn(team: str, limit: int, done: int, running: Runner) -> None:
    run = await running.start(team, budget=Budget(tool_calls_per_turn=limit))
    result = await run.result(timeout=20)
    assert (result.stop_reason, result.usage.tool_calls) == ("budget", done)
    assert "tool_calls_per_turn" in (result.detail or "")
    assert len([id_ for id_ in await running.call_ids(run) if ":add." in id_]) == done


async def test_tool_calls_are_counted_in_each_turn_anew(running: Runner) -> None:
    result, _ = await _spend(running, "reflection", tool_calls_per_turn=1)
    assert (result.stop_reason, result.usage.tool_calls) == ("finished", 1)


@CACHES
@pytest.mark.parametrize(
    ("team", "answered", "hanging"), [("round_robin", 2, 1), ("graph_parallel", 0, 5), ("nested", 1, 1)]
)
async def test_wall_time_ends_a_run_during_a_slow_call(
    team: str, answered: int, *, hanging: int, max_cached_runs: int, model_server: ModelServer, new_runner: NewRunner
) -> None:
    model_server.reset(halt_after(answered))
    async with new_runner(max_cached_runs=max_cached_runs) as running:
        result, entries = await _spend(running, team, wall_seconds=1.5)
        await until(lambda: model_server.count(waiting) == 0, seconds=2)
    assert (result.stop_reason, result.detail) == ("budget", "the run's 1.5 s are over")
    assert len(_sources(entries)) == 1 + answered
    assert model_server.count(disconnected) == hanging


async def test_timeout_termination_runs_on_the_workflows_clock(
    model_server: ModelServer, new_runner: NewRunner
) -> None:
    model_server.reset(lambda request: Slow(0.3, teams(request)))
    async with new_runner(app=(APP, "tests.support.odd_teams"), max_cached_runs=0) as running:
        result, entries = await _spend(running, "timed")
    assert (result.stop_reason, result.detail) == ("finished", "Timeout of 1.0 seconds reached")
    assert 3 <= len(_sources(entries)) <= 5
