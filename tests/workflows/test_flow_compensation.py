"""What was done is taken back, the last thing first, when a flow fails or is cancelled."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from contracts.errors import RunCancelled, RunFailed
from contracts.flows import Flow
from tests.support import flow_tools
from tests.support.flow_runs import Flows, call, flow


def undo(book: str, text: str) -> dict[str, Any]:
    return {"compensate": {"call": {"tool": "note", "arguments": {"book": book, "text": text}}}}


def booking(book: str, *, last: dict[str, Any]) -> Flow:
    """Three bookings, then something that does not end well."""
    steps = {
        "car": call("note", book=book, text="car", step=undo(book, "no ${steps.car.output}"), next="hotel"),
        "hotel": call("note", book=book, text="hotel", step=undo(book, "no ${steps.hotel.output}"), next="plain"),
        "plain": call("note", book=book, text="plain", next="flight"),
        "flight": last,
    }
    return flow(steps)


async def test_compensations_run_in_reverse(flows: Flows) -> None:
    book = secrets.token_hex(4)
    with pytest.raises(RunFailed, match="step 'flight' failed: BadRequest"):
        await flows.run(booking(book, last=call("refuse", book=book)))
    assert flow_tools.done[book] == ["car", "hotel", "plain", "no hotel", "no car"]


async def test_compensations_run_when_cancelled(flows: Flows) -> None:
    book = secrets.token_hex(4)
    run = await flows.start(booking(book, last=call("hang")))
    await flows.reaches(run, "flight")
    await run.cancel()
    with pytest.raises(RunCancelled):
        await run.result(timeout=20)
    assert flow_tools.done[book] == ["car", "hotel", "plain", "no hotel", "no car"]


async def test_a_compensation_that_fails_stops_no_other(flows: Flows) -> None:
    book = secrets.token_hex(4)
    steps = booking(book, last=call("refuse", book=book)).model_dump(mode="json")["steps"]
    steps["hotel"]["compensate"] = {"call": {"tool": "refuse", "arguments": {"book": book}}}
    with pytest.raises(RunFailed, match="what 'hotel' did could not be taken back: BadRequest"):
        await flows.run(flow(steps))
    assert flow_tools.done[book][-1] == "no car"


async def test_nothing_is_taken_back_where_an_error_is_caught(flows: Flows) -> None:
    book = secrets.token_hex(4)
    await flows.run(booking(book, last=call("refuse", book=book, step={"on_error": "end"})))
    assert flow_tools.done[book] == ["car", "hotel", "plain"]


async def test_each_visit_is_taken_back_with_what_it_had(flows: Flows) -> None:
    book = secrets.token_hex(4)
    steps = {
        "n": call("note", book="x", text="${has(steps.n) ? steps.n.output + 1 : 1}", next="do"),
        "do": call("note", book=book, text="${steps.n.output}", step=undo(book, "no ${steps.do.output}"), next="more"),
        "more": {"branch": {"cases": [{"when": "steps.n.output < 3", "to": "n"}], "else": "fail"}},
        "fail": call("refuse", book=book),
    }
    with pytest.raises(RunFailed):
        await flows.run(flow(steps))
    assert flow_tools.done[book] == [1, 2, 3, "no 3", "no 2", "no 1"]
