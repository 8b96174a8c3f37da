"""A flow keeps its definition, unless it waits and somebody asks it to go on with another one."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from contracts.errors import Conflict, RunCancelled
from contracts.flows import Flow
from perdure.stores import Stores
from tests.support.flow_runs import Flows, call, flow, put
from tests.support.flow_worker import waiting


def gated(field: str, *, after: str, version: str) -> Flow:
    """Waits for a field, then notes something."""
    steps: dict[str, Any] = {
        "first": call("double", number=1, next="gate"),
        "gate": {"wait": {"until": f"has(gate.{field})"}, "next": after},
        after: call("note", book="x", text=after),
    }
    documents = {"gate": {"namespace": "gates", "key": "${input.id}"}}
    output = ["${steps.first.output}", f"${{steps.{after}.output}}", "${steps.gate.visits}"]
    return flow(steps, documents=documents, output=output, version=version)


async def test_a_flow_that_waits_goes_on_with_another_definition(flows: Flows, stores: Stores) -> None:
    key = secrets.token_hex(4)
    run = await flows.start(gated("a", after="old", version="1"), input={"id": key})
    await waiting(stores.events, [("main", "gates", key)])
    await run.migrate(gated("b", after="new", version="2"))
    await stores.state.commit(put("gates", key, {"a": 1}))
    await stores.state.commit(put("gates", key, {"b": 1}))
    result = await run.result(timeout=20)
    assert (result.version, result.output) == ("2", [2, "new", 1])
    assert await stores.events.waits("default", documents=[("main", "gates", key)]) == ()


async def test_a_question_is_asked_on(flows: Flows) -> None:
    def asking(schema: str) -> Flow:
        ask = {"question": "May it?", "json_schema": {"type": schema}}
        return flow({"may": {"ask": ask, "next": "end"}}, output="${steps.may.output.value}")

    run = await flows.start(asking("string"))
    await flows.reaches(run, "may")
    await run.migrate(asking("integer"))
    await run.answer("may", 7)
    assert (await run.result(timeout=20)).output == 7


async def test_what_does_not_wait_there_is_refused(flows: Flows) -> None:
    busy = await flows.start(flow({"a": call("hang")}))
    await flows.reaches(busy, "a")
    asked = await flows.start(flow({"may": {"ask": {"question": "?"}, "next": "end"}}))
    await flows.reaches(asked, "may")
    other = flow({"a": call("hang")})
    for run, why in ((busy, "which does not wait"), (asked, "has no ask of that name")):
        with pytest.raises(Conflict, match=why):
            await run.migrate(other)
        await run.cancel()
        with pytest.raises(RunCancelled):
            await run.result(timeout=20)
        with pytest.raises(Conflict, match="has ended"):
            await run.migrate(other)
