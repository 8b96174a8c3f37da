from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.errors import BadRequest
from contracts.events import Event, Wait
from events import routing, triggers

SIGNAL = {"signal": {"run": "r"}}


def event(**fields: Any) -> Event:
    values = {"id": "e1", "source": "/shop", "type": "invoice.paid", "time": datetime.now(UTC), "sequence": 7}
    return Event.model_validate({**values, **fields})


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"type": "invoice.paid"}, True),
        ({"type": "invoice.*"}, True),
        ({"type": "*"}, True),
        ({"type": "invoice"}, False),
        ({"type": "*.paid"}, False),
        ({"type": "invoice.paid", "source": "/shop"}, True),
        ({"type": "invoice.paid", "source": "/s*"}, True),
        ({"type": "invoice.paid", "source": "/market"}, False),
    ],
)
def test_a_trigger_names_types_and_sources(fields: dict[str, Any], fits: bool) -> None:
    trigger = triggers.checked("t", {**fields, **SIGNAL})
    assert triggers.fits(trigger, event()) is fits


@pytest.mark.parametrize(
    ("source", "fits"),
    [(None, False), ("*", False), ("/state/*", False), ("/state/main/*", False), ("/state/trial/*", True)],
)
def test_a_change_on_a_branch_reaches_those_that_name_it(source: str | None, fits: bool) -> None:
    changed = event(
        type="perdure.state.changed", source="/state/trial/tickets", change=("trial", "tickets", "t-1"), data={}
    )
    trigger = triggers.checked("t", {"type": "perdure.state.changed", "source": source, **SIGNAL})
    assert triggers.fits(trigger, changed) is fits


def test_an_event_that_only_looks_like_a_change_wakes_nobody() -> None:
    forged = event(
        type="perdure.state.changed",
        source="/state/main/tickets",
        subject="t-1",
        data={"branch": "main", "namespace": "tickets", "key": "t-1"},
    )
    assert list(routing.for_waits([Wait(id="w", workflow_id="r", documents=(("tickets", "t-1"),))], [forged])) == []


def test_a_wait_for_documents_is_told_once_of_many_changes() -> None:
    changes = [
        event(sequence=number, change=("main", "tickets", f"t-{number % 2}"), data={"value": "x"})
        for number in (7, 8, 9)
    ]
    wait = Wait(id="w", workflow_id="r", documents=(("tickets", "t-0"), ("tickets", "t-1")))
    (delivery,) = routing.for_waits([wait], changes)
    assert (delivery.event.sequence, delivery.event.data) == (9, None)
    assert list(routing.for_waits([wait.model_copy(update={"after": 9})], changes)) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("x", "holds 'x', and a trigger is an object"),
        ({"type": "a"}, "exactly one of start_team, start_flow, signal"),
        ({"type": "a", **SIGNAL, "start_flow": {"flow": "f"}}, "exactly one of start_team, start_flow, signal"),
        ({**SIGNAL}, "type: Field required"),
        ({"type": "a", **SIGNAL, "attempts": 0}, "attempts: "),
        ({"type": "a", **SIGNAL, "wen": "true"}, "unknown field wen"),
        ({"type": "a", "signal": {"run": "r", "step": "s"}}, "unknown field signal.step"),
        ({"type": "a", **SIGNAL, "when": "event.data.a >"}, "line 1, column"),
        ({"type": "a", **SIGNAL, "when": '"yes"'}, "must be true or false, and this is text"),
        ({"type": "a", **SIGNAL, "when": "event.dat"}, "dat"),
        ({"type": "a", "signal": {"run": "${event.data.run"}}, "run"),
        ({"type": "a", "start_flow": {"flow": "f", "input": {"a": ["${evnt.id}"]}}}, "evnt"),
    ],
)
def test_a_trigger_that_cannot_be_is_refused(value: Any, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        triggers.checked("t", value)
