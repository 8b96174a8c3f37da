from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
import yaml

from contracts.errors import InvalidFlow
from contracts.flows import MAX_FLOW_BYTES
from flows.loading import load
from tests.support.flow_texts import EVERY_KIND, text_of


def faults(text: str) -> list[str]:
    """What is wrong with a text, without its name."""
    with pytest.raises(InvalidFlow) as refused:
        load(text)
    return [fault.removeprefix("<text>:") for fault in refused.value.faults]


def test_yaml_and_json_give_the_same_flow(tmp_path: Path) -> None:
    file = tmp_path / "everything.json"
    file.write_text(json.dumps(yaml.safe_load(EVERY_KIND), indent="\t"))
    assert load(file) == load(str(file)) == load(EVERY_KIND)
    assert load(load(EVERY_KIND).model_dump_json()) == load(EVERY_KIND)


def test_words_that_old_yaml_takes_for_truth_values_are_names() -> None:
    flow = load(
        text_of(
            """
            a: {branch: {cases: [{when: "true", to: on}], else: no}}
            on: {wait: {time: 2030-01-31T09:00:00Z}, next: no}
            no: {emit: {type: x, data: {time: 12:30, off: "off", number: 010, yes: true}}, next: end}
            """
        )
    )
    assert list(flow.steps) == ["a", "on", "no"]
    assert flow.steps["on"].wait is not None
    assert flow.steps["on"].wait.time == "2030-01-31T09:00:00Z"
    assert flow.steps["no"].emit is not None
    assert flow.steps["no"].emit.data == {"time": "12:30", "off": "off", "number": 10, "yes": True}


def test_a_word_that_may_be_a_truth_value_is_refused_as_a_value() -> None:
    (fault,) = faults(text_of("a: {emit: {type: x, data: {open: yes}}, next: end}\n"))
    assert fault.startswith("4:36: steps.a.emit.data.open: yes means a truth value to some readers of YAML")


def test_every_fault_of_shape_has_its_line_and_what_was_meant() -> None:
    text = textwrap.dedent(
        """\
        name: tested
        version: 1
        start: a
        documents:
          ticket: {namespace: tickets, key: x, json_shema: {}}
        steps:
          a:
            team: {name: a, task: t, budget: {token: 5}}
            nxt: b
          B:
            branch:
              cases:
                - when: "true"
              else: end
          c: {wait: {duration: 5}, next: end}
          d: {wait: {duration: 5s, time: x}, ask: {question: q}, next: end}
          e: {set: {write: []}, next: end}
          e: {emit: {}, next: null}
        """
    )
    assert [fault.partition(", at most")[0] for fault in faults(text)] == [
        "2:10: version: must be text, it is 1: write it in quotes",
        "5:40: documents.ticket.json_shema: unknown key 'json_shema': did you mean 'json_schema'?",
        "8:39: steps.a.team.budget.token: unknown key 'token': did you mean 'tokens'?",
        "9:5: steps.a.nxt: unknown key 'nxt': did you mean 'next'?",
        "10:3: steps.B: 'B' is no name: write lower-case letters, digits and _",
        "13:11: steps.B.branch.cases[0].to: is missing",
        "15:24: steps.c.wait.duration: 5 is no duration: write a number and one of ms, s, m, h, d, w, such as '3d'",
        "16:13: steps.d.wait: a wait must have exactly one of until, event, duration, time",
        "18:3: steps.e: stands here twice: remove one",
        "18:7: steps.e.emit.type: is missing",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: [1\n", "2:1: while parsing a flow sequence expected ',' or ']', but got '<stream end>'"),
        ("a: 1\n b: 2\n", "2:3: mapping values are not allowed here"),
        ("\n", "1:1: must be a mapping (names with values), it is null"),
        ("x: &x 1\ny: *x\n", "1:4: &x is not read: write out what it stands for, without anchors and aliases"),
        ("a: " + "[" * 100_000 + "\n", "1:43: this is nested deeper than 40"),
        ('{"name": "x", "steps": NaN}', "1:1: NaN is no number that JSON knows"),
        ('{"name": "x",\n "start": \'a\'}', "2:11: this is no JSON: Expecting value"),
        ("a\x01: 1\n", "1:1: unacceptable character #x0001: special characters are not allowed"),
        ("a: 1\n---\nb: 1\n", "2:1: expected a single document in the stream but found another document"),
        ("#" * (MAX_FLOW_BYTES + 1) + "\n", "1:1: a definition has 128 KiB at most"),
    ],
)
def test_what_is_no_definition_is_refused_in_one_line(text: str, fault: str) -> None:
    (found,) = faults(text)
    assert found.startswith(fault)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("!!python/object:os.system x", "the tag 'tag:yaml.org,2002:python/object:os.system' is not known here"),
        (".inf", ".inf is no number that JSON knows"),
        ("9" * 5_000, "is beyond the whole numbers that conditions know (64 bits)"),
        ('"\\ud83d"', "the text holds half a character"),
        ('"a\\0b"', "the text holds the character NUL"),
    ],
)
def test_values_that_no_store_could_keep_are_refused(value: str, why: str) -> None:
    (fault,) = faults(text_of(f"a: {{emit: {{type: x, data: {value}}}, next: end}}\n"))
    assert fault.startswith("4:29: steps.a.emit.data: ")
    assert why in fault


def test_of_very_many_faults_the_first_are_told() -> None:
    found = faults("name: x\n" + "".join(f"k{number}: 1\n" for number in range(500)))
    assert len(found) == 201
    assert found[-1] == "and 302 more"


def test_characters_in_two_halves_are_put_together() -> None:
    flow = load(text_of('a: {emit: {type: x, data: "\\ud83d\\ude00"}, next: end}\n'))
    assert flow.steps["a"].emit is not None
    assert flow.steps["a"].emit.data == "\U0001f600"


def test_a_fault_in_an_expression_is_shown_where_it_stands() -> None:
    found = faults(text_of('a: {emit: {type: x, data: "of ${input.a} and ${inptu.b}"}, next: end}\n'))
    assert found == ["4:50: steps.a.emit.data: there is no 'inptu': did you mean 'input'?, in 'inptu.b'"]


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "the file cannot be read: No such file"), (b"name: \xff\n", "1:1: this is not UTF-8")],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, why: str) -> None:
    file = tmp_path / "flow.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidFlow, match=why) as refused:
        load(file)
    assert refused.value.faults[0].startswith(f"{file}:")
