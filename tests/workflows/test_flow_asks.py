"""A person is asked: answers that do not fit are refused, and days may pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from contracts.errors import AnswerRefused, RunFailed
from contracts.flows import Answer, Flow, FlowRequest, FlowResult, FlowView
from perdure.stores import Stores, open_stores
from tests.support.flow_runs import FLOW_APP, Flows, call, flow
from tests.support.running import new_queue, runner
from tests.support.time_skipping import time_skipping

SCHEMA = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}


def asking(**how: Any) -> Flow:
    """Asks a person whether it may go on."""
    ask = {"question": "Release ${input.what}?", "of": "ada", "json_schema": SCHEMA, **how}
    return flow({"may": {"ask": ask, "next": "end"}, "late": call("double", number=1)}, output="${steps.may.output}")


async def test_an_answer_is_the_output(flows: Flows) -> None:
    run = await flows.start(asking(), input={"what": "v2"})
    [question] = (await flows.reaches(run, "may")).questions
    assert (question.question, question.of, question.json_schema) == ("Release v2?", ("ada",), SCHEMA)
    await run.answer("may", {"ok": True}, by="ada", note="fine")
    assert (await run.result(timeout=20)).output == {"value": {"ok": True}, "by": "ada", "note": "fine"}


@pytest.mark.parametrize(
    ("step", "value", "why"),
    [
        ("may", {"ok": "yes"}, r"ok: 'yes' is not of type 'boolean'.*it must fit"),
        ("may", {}, "'ok' is a required property"),
        ("other", {"ok": True}, "step 'other' asks nothing now; asked is 'may'"),
    ],
)
async def test_an_answer_that_does_not_fit_is_refused_with_why(flows: Flows, step: str, value: Any, why: str) -> None:
    run = await flows.start(asking(), input={"what": "v2"})
    await flows.reaches(run, "may")
    with pytest.raises(AnswerRefused, match=why):
        await run.answer(step, value)
    await run.answer("may", {"ok": False})
    await run.result(timeout=20)


async def test_only_the_first_answer_counts(flows: Flows) -> None:
    run = await flows.start(asking(), input={"what": "v2"})
    await flows.reaches(run, "may")
    answers = (run.answer("may", {"ok": True}, by=name) for name in ("ada", "bob"))
    outcomes = await asyncio.gather(*answers, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(type(None)) == 1
    winner = "ada" if outcomes[0] is None else "bob"
    assert (await run.result(timeout=20)).output["by"] == winner


async def test_a_question_is_told_of(flows: Flows, stores: Stores) -> None:
    run = await flows.start(asking(), input={"what": "v2"})
    await flows.reaches(run, "may")
    await run.answer("may", {"ok": True})
    await run.result(timeout=20)
    [told] = await _told(stores, run.id)
    assert (told["question"], told["of"], told["step"]) == ("Release v2?", ["ada"], "may")


@pytest.fixture(scope="module")
async def skipping(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[WorkflowEnvironment, Flows]]:
    """A worker on a server in which days pass at once."""
    home: Path = tmp_path_factory.mktemp("skipping")
    async with time_skipping() as server, runner(server.client, home, model_url=None, app=(FLOW_APP,)) as running:
        yield server, Flows(running)


Skipping = tuple[WorkflowEnvironment, Flows]


async def test_a_person_may_take_three_days(skipping: Skipping) -> None:
    server, flows = skipping
    handle = await _asked(
        flows, asking(deadline="4d", escalations=[{"after": "1d", "to": "bob"}, {"after": "2d", "to": "eve"}])
    )
    await server.sleep(timedelta(days=1, hours=1))
    assert (await _view(handle)).questions[0].of == ("ada", "bob")
    await server.sleep(timedelta(days=2))
    assert (await _view(handle)).questions[0].of == ("ada", "bob", "eve")
    await handle.execute_update("answer", Answer(step="may", value={"ok": True}, by="eve"))
    assert (await handle.result()).output["by"] == "eve"
    async with open_stores(flows.running.settings) as stores:
        told = await _told(stores, handle.id)
    assert [what.get("to") for what in told] == [None, "bob", "eve"]


async def test_a_missed_deadline_goes_elsewhere(skipping: Skipping) -> None:
    server, flows = skipping
    handle = await _asked(flows, asking(deadline="3d", on_deadline="late"))
    await server.sleep(timedelta(days=2, hours=23))
    assert (await _view(handle)).position == "may"
    await server.sleep(timedelta(hours=2))
    assert (await handle.result()).ended == "late"


async def test_a_missed_deadline_fails_the_step(skipping: Skipping) -> None:
    server, flows = skipping
    run = await flows.start(asking(deadline="3d"), input={"what": "v2"})
    await server.sleep(timedelta(days=4))
    with pytest.raises(RunFailed, match="TimedOut: nobody answered 'may' within 3 days"):
        await run.result(timeout=20)


async def _asked(flows: Flows, definition: Flow) -> WorkflowHandle[Any, FlowResult]:
    request = FlowRequest(run_id=new_queue(), flow=definition, input={"what": "v2"})
    await flows.running.perdure.submit_flow(request)
    handle = flows.running.client.get_workflow_handle(request.run_id, result_type=FlowResult)
    async with asyncio.timeout(20):
        while not (await _view(handle)).questions:
            await asyncio.sleep(0.02)
    return handle


async def _view(handle: WorkflowHandle[Any, Any]) -> FlowView:
    view: FlowView = await handle.query("view", result_type=FlowView)
    return view


async def _told(stores: Stores, run_id: str) -> list[dict[str, Any]]:
    events = await stores.events.events(after=0, limit=1000, types=("perdure.ask.*",))
    return [event.data for event in events if event.subject == run_id]
