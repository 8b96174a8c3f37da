"""Every kind of team says inside a workflow what it says on AutoGen's own runtime, and is counted right."""

from __future__ import annotations

import pytest

from tests.conftest import NewRunner
from tests.support.model_server import ModelServer
from tests.support.reference import References, prompts
from tests.support.running import Runner, turns
from tests.support.teams import TEAMS

# What a failed tool is told as is worded otherwise, on purpose; it has a test of its own.
SAME = [name for name in TEAMS if name != "failing_tool"]
# Its model streams, and the client asks for no usage with a stream: tokens are estimated.
ESTIMATED = {"streaming"}


@pytest.mark.parametrize("max_cached_runs", [1_000, 0], ids=["cached", "replayed"])
@pytest.mark.parametrize("name", SAME)
async def test_durable_run_equals_the_stock_one(
    name: str, max_cached_runs: int, *, model_server: ModelServer, new_runner: NewRunner, references: References
) -> None:
    stock = await references.of(name)
    async with new_runner(max_cached_runs=max_cached_runs) as running:
        run = await running.start(name)
        result = await run.result(timeout=30)
        said = turns(await run.transcript())
        ids = await running.call_ids(run)
    assert said == stock.turns
    assert (result.answer, result.detail) == (stock.turns[-1].text, stock.stop_reason)
    assert (result.stop_reason, result.real_model) == ("finished", True)
    assert prompts(model_server.requests) == stock.prompts
    assert result.usage.model_calls == len(stock.prompts)
    if name not in ESTIMATED:
        assert result.usage.prompt_tokens == stock.prompt_tokens
        assert result.usage.completion_tokens == stock.completion_tokens
    assert len(ids) == len(set(ids))


EXPECTED_IDS = {
    "round_robin": ["alice:1", "bob:1", "carol:1", "alice:2", "bob:2", "carol:2"],
    "reflection": ["adder:1", "adder:1:add.0", "adder:2"],
    "same_tool_twice": ["same:1", "same:1:add.0", "same:1:add.1", "same:2"],
    "empty_call_ids": ["anonymous:1", "anonymous:1:add.0", "anonymous:1:add.1", "anonymous:2"],
    "equal_call_ids": ["doubled:1", "doubled:1:add.0", "doubled:1:add.1", "doubled:2"],
    "parallel_tools": ["twice:1", "twice:1:add.0", "twice:1:add.1", "twice:1:lookup_invoice.2", "twice:2"],
    "nested": ["research/alice:1", "research/bob:1", "writing/alice:1", "writing/bob:1"],
    "agent_as_tool": ["boss:1", "boss/expert:1", "boss:2"],
}


@pytest.mark.parametrize("name", EXPECTED_IDS)
async def test_activity_ids_say_who_calls(name: str, running: Runner) -> None:
    run = await running.start(name)
    await run.result(timeout=30)
    assert (await running.call_ids(run))[: len(EXPECTED_IDS[name])] == EXPECTED_IDS[name]
