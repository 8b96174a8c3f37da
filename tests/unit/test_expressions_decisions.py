"""Which case is taken, and the evidence that is kept."""

from __future__ import annotations

from typing import Any

from contracts.decisions import SeenDocument
from contracts.flows import BranchCase
from expressions.decisions import decide

BINDINGS: dict[str, Any] = {"ticket": {"confidence": 0.91, "priority": 3, "text": "x" * 5000}, "gone": {}}


def _case(when: str, to: str) -> BranchCase:
    return BranchCase(when=when, to=to)


def test_the_first_true_case_is_taken_and_later_ones_are_not_reached() -> None:
    cases = [
        _case("ticket.priority > 5", "person"),
        _case("ticket.confidence >= 0.8", "answer"),
        _case("gone.x", "never"),
    ]
    seen = [SeenDocument(name="ticket", namespace="tickets", key="1", version=4)]
    decision = decide("route", cases, "team", BINDINGS, seen=seen, sequence=12, visit=2)
    assert decision.taken == "answer"
    assert [case.outcome for case in decision.cases] == ["false", "true", "not reached"]
    assert decision.values == {"ticket.priority": 3, "ticket.confidence": 0.91}
    assert decision.reason == "ticket.confidence >= 0.8 was true (ticket.confidence = 0.91)"
    assert (decision.step, decision.visit, decision.sequence) == ("route", 2, 12)
    assert decision.documents == tuple(seen)
    assert decision.error is None


def test_without_a_true_case_it_goes_on_otherwise() -> None:
    decision = decide("route", [_case("ticket.priority > 5", "person")], "team", BINDINGS)
    assert decision.taken == "team"
    assert decision.reason == "no case was true (ticket.priority = 3)"


def test_an_error_counts_neither_as_true_nor_as_false() -> None:
    cases = [_case("gone.x > 1", "a"), _case("true", "b")]
    decision = decide("route", cases, "c", BINDINGS)
    assert decision.taken is None
    assert [case.outcome for case in decision.cases] == ["error", "not reached"]
    assert decision.error is not None
    assert "no field 'x'" in decision.error
    assert decision.cases[0].error == decision.error


def test_an_error_goes_where_errors_go() -> None:
    decision = decide("route", [_case("gone.x > 1", "a")], "c", BINDINGS, on_error="mend")
    assert decision.taken == "mend"
    assert decision.error is None
    assert decision.cases[0].outcome == "error"
    assert "gone.x > 1 could not be evaluated" in decision.reason


def test_neither_true_nor_false_is_an_error() -> None:
    decision = decide("route", [_case("ticket.priority", "a"), _case("1 +", "b")], "c", BINDINGS)
    assert decision.cases[0].outcome == "error"
    assert "must be true or false" in (decision.error or "")


def test_what_does_not_compile_is_an_error() -> None:
    decision = decide("route", [_case("1 +", "b")], "c", BINDINGS)
    assert decision.taken is None
    assert "ends too early" in (decision.error or "")


def test_a_wait_is_decided_as_true_or_false() -> None:
    decision = decide("gate", [_case("ticket.priority == 3", "true")], "false", BINDINGS)
    assert decision.taken == "true"


def test_long_values_are_cut() -> None:
    decision = decide("route", [_case("ticket.text.startsWith('y')", "a")], "c", BINDINGS)
    assert len(decision.values["ticket.text"]) < 250
    assert decision.values["ticket.text"].endswith("… (5,000 characters)")
    assert len(decision.reason) < 500
