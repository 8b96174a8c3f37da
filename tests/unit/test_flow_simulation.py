"""Which way flows would go, without running them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from contracts.flows import Flow
from flows.loading import load
from flows.simulation import Given, simulate

SUPPORT = """\
name: support
input: {type: object, properties: {id: {type: string}}}
documents:
  ticket: {namespace: tickets, key: "${input.id}"}
start: triage
steps:
  triage:
    call: {tool: triage, arguments: {id: "${input.id}"}}
    compensate: {emit: {type: triage.undone}}
    next: record
  record:
    set:
      write:
        - {document: ticket, patch: {confidence: "${steps.triage.output.confidence}", status: open}}
    next: route
  route:
    branch:
      cases:
        - {when: ticket.confidence >= 0.8, to: answer}
        - {when: ticket.vip, to: person}
      else: person
    on_error: broken
  answer:
    emit: {type: ticket.answered, data: {id: "${input.id}"}}
    next: gate
  gate:
    wait: {until: ticket.status == 'closed', timeout: 2d, on_timeout: reopened}
    next: end
  reopened:
    wait: {event: {type: ticket.reopened, when: event.data.id == input.id}}
    next: end
  person:
    ask: {question: "What now?"}
    next: end
  broken:
    call: {tool: mend}
    next: end
output: {status: "${ticket.status}", steps: "${steps.triage.visits + 1}"}
"""


def _support(**given: Any) -> Any:
    outputs = {"triage": {"confidence": 0.9}, **given.pop("outputs", {})}
    return simulate(load(SUPPORT), Given(input={"id": "7"}, outputs=outputs, **given))


def _names(simulation: Any) -> list[str]:
    return [step.step for step in simulation.steps]


def _loop(**counter: Any) -> Flow:
    return Flow.model_validate(
        {
            "name": "loop",
            "documents": {"n": {"namespace": "counts", "key": "n"}},
            "start": "add",
            "steps": {
                "add": {"set": {"write": [{"document": "n", "put": {"count": "${n.count + 1}"}}]}, "next": "more"},
                "more": {"branch": {"cases": [{"when": "n.count < 5", "to": "add"}], "else": "end"}, **counter},
            },
            "output": "${n.count}",
        }
    )


def test_branches_are_decided_on_documents_that_steps_wrote() -> None:
    simulation = _support(events=({"type": "ticket.reopened", "data": {"id": "7"}},))
    assert simulation.outcome == "ended"
    assert _names(simulation) == ["triage", "record", "route", "answer", "gate", "reopened"]
    decision = simulation.steps[2].decision
    assert decision.reason == "ticket.confidence >= 0.8 was true (ticket.confidence = 0.9)"
    assert [case.outcome for case in decision.cases] == ["true", "not reached"]
    assert [(seen.name, seen.key, seen.version) for seen in decision.documents] == [("ticket", "7", 1)]
    assert simulation.output == {"status": "open", "steps": 2}
    assert simulation.state == {"ticket": {"confidence": 0.9, "status": "open"}}
    assert any("would emit ticket.answered" in note for note in simulation.notes)


def test_a_wait_that_nothing_ends_is_told() -> None:
    simulation = _support(events=({"type": "ticket.reopened", "data": {"id": "8"}}, {"type": "other"}))
    assert simulation.outcome == "waiting"
    assert "for an event ticket.reopened" in (simulation.error or "")
    assert simulation.steps[-1].outcome == "running"


def test_an_error_in_a_condition_goes_where_errors_go() -> None:
    simulation = _support(outputs={"triage": {"confidence": 0.1}})
    assert _names(simulation)[-2:] == ["route", "broken"]
    failed = simulation.steps[-2]
    assert (failed.outcome, failed.to) == ("failed", "broken")
    assert "no field 'vip'" in (failed.error or "")
    assert failed.decision.cases[1].outcome == "error"


def test_what_is_not_given_is_null_and_noted() -> None:
    simulation = _support(outputs={"triage": {"confidence": 0.1}}, state={"ticket": {"vip": True, "old": 1}})
    assert _names(simulation)[-1] == "person"
    assert "no output is given for step 'person' (ask): it is null" in simulation.notes
    assert simulation.state["ticket"] == {"vip": True, "old": 1, "confidence": 0.1, "status": "open"}
    assert simulation.steps[2].decision.documents[0].version == 2


def test_a_failed_step_ends_the_flow_and_names_what_would_be_taken_back() -> None:
    simulation = _support(errors={"record": "no space"})
    assert simulation.outcome == "failed"
    assert simulation.error == "step 'record' failed: no space"
    assert "these steps would be taken back: triage" in simulation.notes


def test_a_loop_counts_in_its_document() -> None:
    simulation = simulate(_loop(), Given(state={"n": {"count": 0}}))
    assert simulation.output == 5
    assert [step.visit for step in simulation.steps if step.step == "more"] == [1, 2, 3, 4, 5]
    assert simulation.ended == "more"


def test_a_loop_ends_at_its_bound() -> None:
    beyond = simulate(_loop(most_visits=2, beyond="end"), Given(state={"n": {"count": 0}}))
    assert (beyond.outcome, beyond.steps[-1].outcome, beyond.output) == ("ended", "skipped", 3)
    failed = simulate(_loop(most_visits=2), Given(state={"n": {"count": 0}}))
    assert failed.outcome == "failed"
    assert "most_visits" in (failed.error or "")


def test_a_loop_without_a_bound_is_left_after_ten_thousand_steps() -> None:
    simulation = simulate(_loop(), Given(state={"n": {"count": -1_000_000}}))
    assert simulation.outcome == "unfinished"
    assert len(simulation.steps) == 10_000


def test_each_visit_may_have_its_own_output() -> None:
    flow = Flow.model_validate(
        {
            "name": "tries",
            "start": "try",
            "steps": {
                "try": {"call": {"tool": "try"}, "next": "good"},
                "good": {"branch": {"cases": [{"when": "steps['try'].output.ok", "to": "end"}], "else": "try"}},
            },
            "output": "${steps['try'].visits}",
        }
    )
    assert simulate(flow, Given(visits={"try": ({"ok": False}, {"ok": False}, {"ok": True})})).output == 3


def test_writes_of_one_step_see_the_documents_as_they_were() -> None:
    writes = [
        {"document": "a", "put": {"n": "${b.n}"}},
        {"document": "b", "put": {"n": "${a.n}"}},
        {"document": "c", "delete": True},
        {"document": "d", "put": 1, "expect": "absent"},
    ]
    documents = {name: {"namespace": "x", "key": name} for name in "abcd"}
    flow = Flow.model_validate(
        {"name": "x", "documents": documents, "start": "s", "steps": {"s": {"set": {"write": writes}}}}
    )
    simulation = simulate(flow, Given(state={"a": {"n": 1}, "b": {"n": 2}, "c": {}}))
    assert simulation.state == {"a": {"n": 2}, "b": {"n": 1}, "d": 1}
    refused = simulate(flow, Given(state={"a": {"n": 1}, "b": {"n": 2}, "d": {}}))
    assert refused.outcome == "failed"
    assert "'d' must be absent, and it is there" in (refused.error or "")
    assert refused.state["a"] == {"n": 1}


def test_what_is_given_is_checked() -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Given.model_validate({"documents": {}})
