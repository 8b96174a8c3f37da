"""`perdure flow simulate`: which way a flow would go with the documents of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.in_process import InProcess

FLOW = """
name: triage
input: {type: object, properties: {id: {type: string}}, required: [id]}
documents:
  ticket:
    namespace: tickets
    key: "${input.id}"
    json_schema: {type: object, properties: {priority: {type: integer}}}
start: decide
steps:
  decide:
    branch: {cases: [{when: "ticket.priority > 5", to: person}], else: end}
  person:
    ask: {question: "Now?", json_schema: {type: boolean}}
    next: end
output: {asked: "${steps.person.output.value}"}
"""


@pytest.fixture
def perdure(tmp_path: Path) -> InProcess:
    (tmp_path / "triage.yaml").write_text(FLOW)
    return InProcess(tmp_path)


def test_documents_decide_the_way_and_nothing_is_written(perdure: InProcess) -> None:
    (perdure.folder / "state.yaml").write_text("ticket: {priority: 9}\n")
    words = ("flow", "simulate", "triage.yaml", "--state", "state.yaml", "--input", '{"id": "7"}')
    ended = perdure.run(*words, "--outputs", '{"person": {"value": true}}')
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[:3] == [
        "1. decide · branch done → person",
        "    ticket.priority > 5 was true (ticket.priority = 9)",
        "2. person · ask done → end",
    ]
    assert '"asked": true' in ended.out
    found = perdure.run(*words, "--json").json
    assert [step["step"] for step in found["steps"]] == ["decide", "person"]
    assert not perdure.home.exists()


def test_a_file_may_give_all_that_a_simulation_begins_with(perdure: InProcess) -> None:
    (perdure.folder / "all.json").write_text('{"state": {"ticket": {"priority": 1}}, "input": {"id": "7"}}')
    found = perdure.run("flow", "simulate", "triage.yaml", "--state", "all.json", "--json").json
    assert [step["to"] for step in found["steps"]] == ["end"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ticket: {priority: 9\n", "--state, line and column 2:1: "),
        ("tickte: {priority: 9}\n", "the flow 'triage' has no document 'tickte'; it has ticket"),
        ("[1]\n", "must hold documents by their names, it holds [1]"),
        ("ticket: &a {b: *a}\n", "write out what it stands for, without anchors"),
        ("input: {id: 5}\n", "the input does not fit its schema: id: 5 is not of type 'string'"),
    ],
    ids=["yaml", "name", "list", "alias", "input"],
)
def test_a_wrong_file_is_told_with_its_place(perdure: InProcess, text: str, words: str) -> None:
    (perdure.folder / "state.yaml").write_text(text)
    ended = perdure.run("flow", "simulate", "triage.yaml", "--state", "state.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err


def test_a_flow_that_would_fail_ends_with_1(perdure: InProcess) -> None:
    ended = perdure.run("flow", "simulate", "triage.yaml")
    assert ended.code == 1
    assert "failed: " in ended.out
