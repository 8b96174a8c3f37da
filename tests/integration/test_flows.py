"""Flows through the public doors: started, followed, answered, explained and cancelled, by code and by commands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from contracts.errors import AnswerRefused, BadRequest, Conflict, InvalidFlow, RunCancelled, RunFailed, SchemaViolation
from contracts.flows import Flow
from perdure import Perdure, Settings
from perdure.flow_run import FlowRunHandle
from tests.integration.conftest import Shared
from tests.support.in_process import InProcess

APP = ("tests.support.stack_flows",)


@pytest.fixture
async def perdure(shared: Shared) -> AsyncIterator[Perdure]:
    settings = Settings.load({"PERDURE_HOME": str(shared.command_line.home), "PERDURE_APP": ",".join(APP)})
    async with Perdure.connect(settings) as perdure:
        yield perdure


@pytest.fixture
def typed(shared: Shared) -> InProcess:
    environ = {"PERDURE_HOME": str(shared.command_line.home), "PERDURE_APP": ",".join(APP)}
    return InProcess(shared.command_line.folder, **environ)


async def asked(flow: FlowRunHandle) -> str:
    """The step that asks, as soon as one does."""
    async with asyncio.timeout(20):
        while not (questions := (await flow.view()).questions):
            await asyncio.sleep(0.05)
    return questions[0].step


def steps(*names: str, **more: Any) -> Flow:
    """A flow of steps that tell of something."""
    made = {
        name: {"emit": {"type": name}, "next": after} for name, after in zip(names, (*names[1:], "end"), strict=True)
    }
    return Flow.model_validate({"name": "told", "start": names[0], "steps": made, **more})


async def test_a_registered_flow_runs_with_its_children_and_returns_its_output(perdure: Perdure) -> None:
    flow = await perdure.start_flow("approval", input={"n": 3}, run_id="small")
    result = await flow.result(timeout=30)
    assert (result.flow, result.version, result.ended, result.output["n"]) == ("approval", "2", "tell", 3)
    document = await perdure.state.get("notes/3", fresh=True)
    assert document is not None
    assert (document.value, document.author.why) == ({"n": 3}, "noted")


async def test_the_same_id_is_the_same_flow_even_when_it_has_ended(perdure: Perdure) -> None:
    first = await (await perdure.start_flow("approval", input={"n": 1}, run_id="same")).result(timeout=30)
    again = await perdure.start_flow("approval", input={"n": 2}, run_id="same")
    assert await again.result(timeout=10) == first
    assert (await again.request()).input == {"n": 1}


async def test_decisions_are_told_without_a_worker_from_history(perdure: Perdure) -> None:
    flow = await perdure.start_flow("approval", input={"n": 4}, run_id="told")
    await flow.result(timeout=30)
    (decision,) = await flow.decisions()
    assert (decision.step, decision.taken) == ("decide", "tell")
    assert decision.values == {"noted.n": 4}
    assert [(seen.name, seen.namespace, seen.key, seen.version) for seen in decision.documents] == [
        ("noted", "notes", "4", 1)
    ]
    assert [(case.when, case.outcome, case.to) for case in decision.cases] == [("noted.n > 5", "false", "ask")]


async def test_a_question_is_answered_and_what_does_not_fit_is_refused(perdure: Perdure) -> None:
    flow = await perdure.start_flow("approval", input={"n": 9})
    assert await asked(flow) == "ask"
    with pytest.raises(AnswerRefused, match="step 'ask' does not fit"):
        await flow.answer("ask", "perhaps")
    with pytest.raises(AnswerRefused, match="step 'tell' asks nothing now"):
        await flow.answer("tell", "yes")
    await flow.answer(None, "yes", by="ada", note="fine")
    assert (await flow.result(timeout=30)).ended == "tell"
    with pytest.raises(AnswerRefused, match="has ended"):
        await flow.answer("ask", "yes")


async def test_a_cancelled_flow_says_so(perdure: Perdure) -> None:
    flow = await perdure.start_flow("approval", input={"n": 8})
    await asked(flow)
    await flow.cancel()
    with pytest.raises(RunCancelled):
        await flow.result(timeout=30)
    assert (await flow.describe()).status == "cancelled"


async def test_a_failed_step_is_raised_with_its_kind(perdure: Perdure) -> None:
    definition = steps("one", output="${1 / input.n}", input={"type": "object"})
    with pytest.raises(RunFailed) as caught:
        await (await perdure.start_flow(definition, input={"n": 0})).result(timeout=30)
    assert caught.value.kind == "ExpressionFailed"


async def test_what_cannot_run_is_refused_before_anything_is_started(perdure: Perdure) -> None:
    with pytest.raises(SchemaViolation, match="'n' is a required property"):
        await perdure.start_flow("approval", input={})
    with pytest.raises(InvalidFlow, match="nowhere"):
        await perdure.start_flow(steps("one", start="nowhere"), run_id="not-started")
    with pytest.raises(BadRequest, match="run id 'a b'"):
        await perdure.start_flow("approval", input={"n": 1}, run_id="a b")
    assert "not-started" not in [summary.run_id async for summary in perdure.runs(200)]


async def test_a_run_and_a_flow_cannot_have_one_id(perdure: Perdure) -> None:
    await (await perdure.start_flow("approval", input={"n": 1}, run_id="taken")).result(timeout=30)
    with pytest.raises(Conflict, match="the id 'taken' belongs to a FlowRun already"):
        await perdure.start("survey", "x", run_id="taken")
    with pytest.raises(BadRequest, match="'taken' is a flow"):
        await perdure.get("taken")


async def test_flows_are_found_by_name_among_the_runs(perdure: Perdure) -> None:
    await (await perdure.start_flow("approval", input={"n": 1}, run_id="found", user="ada")).result(timeout=30)

    async def listed(**wanted: str) -> set[str]:
        return {summary.run_id async for summary in perdure.runs(200, **wanted)}

    async with asyncio.timeout(10):
        while "found" not in await listed(flow="approval"):
            await asyncio.sleep(0.1)
    assert "found" in await listed()
    assert "found" in await listed(user="ada")
    assert "found" not in await listed(team="approval")
    assert "found" not in await listed(flow="note")


async def test_an_event_starts_a_flow_once(perdure: Perdure) -> None:
    await perdure.triggers.add(
        {"name": "ordered", "type": "order.*", "start_flow": {"flow": "note", "input": {"n": "${event.data.n}"}}}
    )
    for _ in range(2):
        await perdure.emit("order.made", source="/shop", id="e-1", data={"n": 77})
    async with asyncio.timeout(20):
        async for change in perdure.state.watch("notes/77", since=0):
            assert change.document.value == {"n": 77}
            break
    await asyncio.sleep(0.5)
    assert len(await perdure.state.history("notes/77")) == 1
    await perdure.triggers.remove("ordered")


async def test_a_lock_is_held_by_one_at_a_time_and_fences_writes(perdure: Perdure) -> None:
    async with perdure.state.lock("door") as lease:
        await perdure.state.put("rooms/1", "mine", fence=lease.fence)
        with pytest.raises(Conflict, match="somebody else holds the lock 'door'"):
            async with perdure.state.lock("door", wait=timedelta(0)):
                pass
    async with perdure.state.lock("door") as later:
        assert later.token > lease.token
        with pytest.raises(Conflict, match="lease 'door'"):
            await perdure.state.put("rooms/1", "mine", fence=lease.fence)


def test_a_flow_is_shown_step_by_step(typed: InProcess) -> None:
    ended = typed.run("flow", "start", "approval", "--input", '{"n": 2}', "--id", "typed")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith("flow typed · http")
    assert lines[1:5] == [
        "1. note · flow done → decide",
        "2. decide · branch done → tell",
        "    no case was true (noted.n = 2)",
        "3. tell · emit done → end",
    ]
    assert any(line.startswith("ended after tell · 3 steps · ") for line in lines)
    told = typed.run("explain", "typed").out
    assert "1. decide → tell" in told
    assert "noted: notes/2, version 1" in told
    assert "noted.n = 2" in told
    assert "✗ noted.n > 5 → ask (false)" in told
    assert typed.run("explain", "typed", "--json").json["decisions"][0]["taken"] == "tell"
    shown = typed.run("show", "typed")
    assert "flow     approval" in shown.out
    assert "3. tell · emit done → end" in shown.out
    assert typed.run("show", "typed", "--json").json["result"]["output"]["n"] == 2
    listed = typed.run("runs", "--flow", "approval", "--json").json
    assert "typed" in {summary["run_id"] for summary in listed}


def test_a_question_is_shown_and_answered_by_commands(typed: InProcess) -> None:
    assert typed.run("flow", "start", "approval", "--input", '{"n": 6}', "--id", "asks", "--detach").out == "asks\n"
    questions = typed.run("answer", "asks", "--json").json
    while not questions:
        questions = typed.run("answer", "asks", "--json").json
    assert [(question["step"], question["question"]) for question in questions] == [("ask", "May 6 pass?")]
    shown = typed.run("answer", "asks").out
    assert "? ask asks ada: May 6 pass?" in shown
    assert "perdure answer asks ask VALUE" in shown
    refused = typed.run("answer", "asks", "maybe", "--json")
    assert (refused.code, refused.json["error"]["type"]) == (2, "AnswerRefused")
    assert typed.run("answer", "asks", "nobody", "yes").code == 2
    assert typed.run("answer", "asks", "ask", "yes", "by mistake").code == 2
    assert typed.run("answer", "asks", "ask", "7", "--by", "ada", "--json").json["value"] == 7
    again = typed.run("flow", "start", "approval", "--input", '{"n": 6}', "--id", "asks", "--json").json
    assert (again["ended"], again["steps"]) == ("tell", 4)


def test_a_flow_is_cancelled_by_a_command(typed: InProcess) -> None:
    typed.run("flow", "start", "approval", "--input", '{"n": 6}', "--id", "stopped", "--detach")
    assert typed.run("cancel", "stopped", "--json").json == {"run_id": "stopped", "status": "cancelled"}


def test_flows_are_listed_drawn_and_described_by_a_schema(typed: InProcess) -> None:
    found = {flow["name"]: flow for flow in typed.run("flow", "list", "--json").json}
    assert found["approval"]["version"] == "2"
    assert typed.run("flow", "draw", "approval").out.startswith("flowchart TD\n")
    assert json.loads(typed.run("flow", "schema").out)["title"] == typed.run("flow", "schema", "--json").json["title"]
    assert typed.run("flow", "check", "approval", "note").code == 0


def test_explain_is_for_flows(typed: InProcess) -> None:
    assert typed.run("explain", "nobody").err.startswith("error: there is no run 'nobody'")


def test_schedules_are_made_listed_and_removed(typed: InProcess) -> None:
    made = typed.run("schedules", "add", "daily", "report.due", "--cron", "0 8 * * 1", "--data", '{"a": 1}', "--json")
    assert (made.code, made.json["event"]["data"]) == (0, {"a": 1}), made.err
    found = typed.run("schedules", "list", "--json").json
    while not found:
        found = typed.run("schedules", "list", "--json").json
    assert [schedule["name"] for schedule in found] == ["daily"]
    assert typed.run("schedules", "add", "daily", "report.due").code == 2
    assert typed.run("schedules", "remove", "daily").code == 0
    assert typed.run("schedules", "remove", "daily").code == 2
