"""What goes wrong in a tool is told to the model, which goes on."""

from __future__ import annotations

import pytest

from tests.conftest import NewRunner
from tests.support.answers import Answer, Call, Rule, Text, Tools
from tests.support.chat import ChatRequest
from tests.support.model_server import ModelServer
from tests.support.running import APP, Runner
from tests.support.scripts import teams


@pytest.mark.parametrize("max_cached_runs", [1_000, 0], ids=["cached", "replayed"])
async def test_failed_tool_is_told_to_the_model(
    max_cached_runs: int, model_server: ModelServer, new_runner: NewRunner
) -> None:
    async with new_runner(max_cached_runs=max_cached_runs) as running:
        run = await running.start("failing_tool")
        result = await run.result(timeout=10)
        (told,) = [entry for entry in await run.transcript() if entry.kind == "tool_result"]
    assert (told.tool, told.failed) == ("break_down", True)
    assert "the machine broke down: no paper" in told.text
    assert model_server.requests[-1].request.last_text == told.text
    assert "the machine broke down: no paper" in result.answer
    assert (result.stop_reason, result.usage.tool_calls) == ("finished", 1)


async def test_tool_that_the_agent_does_not_have_is_told_to_the_model(
    model_server: ModelServer, running: Runner
) -> None:
    model_server.reset(_calls(Call("subtract", {"a": 1})))
    run = await running.start("reflection")
    await run.result(timeout=10)
    (told,) = [entry for entry in await run.transcript() if entry.kind == "tool_result"]
    assert told.failed
    assert "subtract" in told.text


# Too deep for Python's reader of JSON, which raises no JSON error then.
_DEEP = "[" * 5_000


@pytest.mark.parametrize("arguments", ['{"a": 1', "[1, 2]", "7", '{"a": "many", "b": 2}', '{"a": 1}', "", _DEEP])
async def test_bad_arguments_are_told_to_the_model(arguments: str, model_server: ModelServer, running: Runner) -> None:
    model_server.reset(_calls(Call("add", arguments)))
    run = await running.start("reflection")
    result = await run.result(timeout=10)
    (told,) = [entry for entry in await run.transcript() if entry.kind == "tool_result"]
    assert told.failed, told
    assert result.answer == "I see."


async def test_quick_tool_is_a_local_activity(model_server: ModelServer, new_runner: NewRunner) -> None:
    model_server.reset(_calls(Call("quick_add", {"a": 20, "b": 22})))
    async with new_runner(app=(APP, "tests.support.odd_teams")) as running:
        run = await running.start("sleepers")
        await run.result(timeout=10)
        told = [entry.text for entry in await run.transcript() if entry.kind == "tool_result"]
        ids = await running.call_ids(run)
    assert told[0] == "42"
    assert not [id_ for id_ in ids if "quick" in id_]


def _calls(call: Call) -> Rule:
    def rule(request: ChatRequest) -> Answer:
        return Text("I see.") if request.last_role == "tool" or not request.tools else Tools((call,))

    return rule


@pytest.mark.parametrize("arguments", ["[1]", "3", "null", '{"why": "unknown"}'])
async def test_hand_off_takes_whatever_arguments_a_model_sends(
    arguments: str, model_server: ModelServer, running: Runner
) -> None:
    def rule(request: ChatRequest) -> Answer:
        answer = teams(request)
        if isinstance(answer, Tools) and answer.calls[0].name == "transfer_to_billing":
            return Tools((Call("transfer_to_billing", arguments),))
        return answer

    model_server.reset(rule)
    run = await running.start("swarm")
    assert "DONE" in (await run.result(timeout=10)).answer
