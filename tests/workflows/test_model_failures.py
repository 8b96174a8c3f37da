"""What a model's provider answers decides whether a call is made again, when, and how the run ends."""

from __future__ import annotations

import asyncio
import time

import pytest

from contracts.errors import RunFailed
from perdure.descriptions import PendingActivity
from perdure.run import Run
from tests.support import answers
from tests.support.answers import Answer, Cut, Fault, Malformed, Refusal, Text
from tests.support.model_server import ModelServer
from tests.support.rules import always, at_first
from tests.support.running import Runner

REFUSED: dict[str, tuple[Answer, str]] = {
    "wrong_key": (answers.wrong_key(), "Incorrect API key"),
    "forbidden": (answers.forbidden(), "Country, region, or territory not supported"),
    "unknown_model": (answers.unknown_model("gpt-4o-mini"), "does not exist"),
    "context_too_long": (answers.context_too_long(limit=8, used=9), "maximum context length is 8 tokens"),
    "quota_spent": (answers.quota_spent(), "exceeded your current quota"),
    "refusal": (Refusal("I will not."), "I will not."),
    "unprocessable": (Fault(422, "temperature must be below 2"), "temperature must be below 2"),
}
PASSING: dict[str, Answer] = {
    "408": answers.request_timeout(),
    "409": answers.lock_conflict(),
    "429": answers.rate_limited(0.05),
    "500": answers.server_error(500),
    "502": answers.server_error(502),
    "503": answers.server_error(503),
    "cut": Cut(begun=False),
    "cut_in_the_middle": Cut(),
    "malformed": Malformed(),
}


@pytest.mark.parametrize("team", ["single", "round_robin", "selector", "magentic_one", "nested", "agent_as_tool"])
async def test_refusal_ends_a_run_of_each_kind_with_its_type(
    team: str, model_server: ModelServer, running: Runner
) -> None:
    model_server.reset(always(answers.wrong_key()))
    run = await running.start(team)
    with pytest.raises(RunFailed, match="Incorrect API key") as caught:
        await run.result(timeout=10)
    assert (caught.value.kind, caught.value.run_id) == ("ModelRefused", run.id)
    assert model_server.count() == 1


@pytest.mark.parametrize("name", REFUSED)
async def test_refused_call_is_not_made_again(name: str, model_server: ModelServer, running: Runner) -> None:
    answer, said = REFUSED[name]
    model_server.reset(always(answer))
    run = await running.start("single")
    with pytest.raises(RunFailed, match=said) as caught:
        await run.result(timeout=10)
    assert caught.value.kind == "ModelRefused"
    assert "\n" not in str(caught.value)
    assert model_server.count() == 1


@pytest.mark.parametrize("name", PASSING)
@pytest.mark.parametrize("team", ["single", "streaming"])
async def test_passing_trouble_is_waited_for(
    team: str, name: str, *, model_server: ModelServer, running: Runner
) -> None:
    model_server.reset(at_first(PASSING[name]))
    run = await running.start(team)
    result = await run.result(timeout=10)
    assert result.answer.startswith("solo turn 1 saw ")
    assert [record.request.attempt for record in model_server.requests] == [1, 2]
    assert result.usage.model_calls == 1


@pytest.mark.parametrize("name", ["wrong_key", "refusal"])
async def test_refusal_of_a_streamed_call_is_heard(name: str, model_server: ModelServer, running: Runner) -> None:
    answer, said = REFUSED[name]
    model_server.reset(always(answer))
    run = await running.start("streaming")
    with pytest.raises(RunFailed, match=said) as caught:
        await run.result(timeout=10)
    assert caught.value.kind == "ModelRefused"


async def test_retry_after_is_waited_for(model_server: ModelServer, running: Runner) -> None:
    model_server.reset(at_first(answers.rate_limited(1.5)))
    run = await running.start("single")
    await run.result(timeout=10)
    first, second = model_server.requests
    assert 1.5 <= second.started - first.started < 3


async def test_run_that_waits_for_its_provider_says_so_and_can_be_cancelled(
    model_server: ModelServer, running: Runner
) -> None:
    model_server.reset(always(answers.rate_limited(60)))
    run = await running.start("single")
    pending = await _failed_call(run)
    assert (pending.activity_id, pending.name) == ("solo:1", "call_model")
    assert "Rate limit reached" in (pending.last_failure or "")
    began = time.monotonic()
    await run.cancel()
    with pytest.raises(RunFailed) as caught:
        await run.result(timeout=10)
    assert caught.value.kind == "RunCancelled"
    assert time.monotonic() - began < 2


async def _failed_call(run: Run) -> PendingActivity:
    while True:
        pending = (await run.describe()).pending
        if pending and pending[0].last_failure:
            return pending[0]
        await asyncio.sleep(0.05)


async def test_said_before_the_failure_is_kept(model_server: ModelServer, running: Runner) -> None:
    model_server.reset(lambda request: answers.wrong_key() if request.speaker == "bob" else Text("I am here."))
    run = await running.start("round_robin")
    with pytest.raises(RunFailed):
        await run.result(timeout=10)
    assert [entry.source for entry in await run.transcript()] == ["user", "alice"]


async def test_other_agents_calls_are_cut_when_one_is_refused(model_server: ModelServer, running: Runner) -> None:
    model_server.reset(lambda request: answers.wrong_key() if request.speaker == "alpha" else answers.hang())
    run = await running.start("graph_parallel")
    with pytest.raises(RunFailed) as caught:
        await run.result(timeout=10)
    assert caught.value.kind == "ModelRefused"
    assert model_server.count(lambda record: record.outcome == "waiting") == 0
