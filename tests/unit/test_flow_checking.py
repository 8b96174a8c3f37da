from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from contracts.errors import InvalidFlow
from contracts.flows import MAX_FLOW_BYTES, Flow
from flows.checking import check
from flows.loading import load
from tests.support.flow_texts import EVERY_KIND, flow_of, text_of

EMIT = {"type": "x"}
TICKET = {"namespace": "tickets", "key": "${input.ticket}"}
PRIORITY = {"type": "object", "properties": {"priority": {"enum": ["low", "high"]}, "score": {"type": "number"}}}


def emit(next_step: str = "end", **more: Any) -> dict[str, Any]:
    """A step that emits an event."""
    return {"emit": EMIT, "next": next_step, **more}


def branch(when: str, *, to: str = "end") -> dict[str, Any]:
    """A branch of one case."""
    return {"branch": {"cases": [{"when": when, "to": to}], "else": "end"}}


def faults(flow: Flow, **known: Any) -> tuple[str, ...]:
    """What is wrong with a flow."""
    with pytest.raises(InvalidFlow) as refused:
        check(flow, **known)
    return refused.value.faults


def test_a_flow_with_every_kind_of_step_is_accepted() -> None:
    other = flow_of({"a": emit()}, name="other", input={"required": ["ticket"]})
    check(load(EVERY_KIND), others={"other": other}, teams=["triage"], tools=["look", "forget"])


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ({"ask_it": emit("ask_t")}, ["steps.ask_it.next: there is no step 'ask_t': did you mean 'ask_it'?"]),
        (
            {"a": {"branch": {"cases": [{"when": "true", "to": "bb"}], "else": "cc"}}},
            [
                "steps.a.branch.cases[0].to: there is no step 'bb': there are 'a', 'end'",
                "steps.a.branch.else: there is no step 'cc': there are 'a', 'end'",
            ],
        ),
        (
            {
                "a": emit(on_error="b1", beyond="b2", most_visits=1),
                "w": {"wait": {"duration": "1s", "timeout": "1s", "on_timeout": "b3"}, "next": "end"},
                "q": {"ask": {"question": "?", "deadline": "1s", "on_deadline": "b4"}, "next": "end"},
            },
            [
                "steps.a.on_error: there is no step 'b1': there are 'a', 'end', 'q', 'w'",
                "steps.a.beyond: there is no step 'b2': there are 'a', 'end', 'q', 'w'",
                "steps.w.wait.on_timeout: there is no step 'b3': there are 'a', 'end', 'q', 'w'",
                "steps.q.ask.on_deadline: there is no step 'b4': there are 'a', 'end', 'q', 'w'",
                "steps.w: no way leads here from the start 'a': name it in a `next` or `to`, or remove it",
                "steps.q: no way leads here from the start 'a': name it in a `next` or `to`, or remove it",
            ],
        ),
        ({"a": {"emit": EMIT}}, ["steps.a: leads nowhere: add `next`, a step or 'end'"]),
        (
            {"a": {**branch("true"), "next": "end"}},
            ["steps.a.next: a branch goes where its cases and `else` say: remove `next`"],
        ),
        (
            {"a": emit("b"), "b": emit("a", most_visits=2)},
            [
                "steps.a: no way leads from here to 'end': let one of its steps go there",
                "steps.b: no way leads from here to 'end': let one of its steps go there",
            ],
        ),
        (
            {"a": emit("b"), "b": branch("true", to="a")},
            ["steps.a: the cycle a -> b -> a has no bound, as none of its steps has `most_visits`"],
        ),
        (
            {"a": emit("b", most_visits=2, beyond="b"), "b": branch("true", to="a")},
            ["steps.a: the cycle a -> b -> a has no bound, as `beyond` leads into it again"],
        ),
        (
            {
                "a": {"wait": {"duration": "1s", "on_timeout": "b"}, "timeout": "1s", "next": "b"},
                "b": {"ask": {"question": "?", "on_deadline": "end"}, "next": "c"},
                "c": emit(beyond="end"),
            },
            [
                "steps.a.timeout: has no effect here: use `wait.timeout`",
                "steps.a.wait.on_timeout: is never taken: add `timeout`",
                "steps.b.ask.on_deadline: is never taken: add `deadline`",
                "steps.c.beyond: is never taken: add `most_visits`",
            ],
        ),
    ],
)
def test_ways_that_lead_wrong_are_refused(steps: Mapping[str, Any], expected: list[str]) -> None:
    assert [fault.partition(": give")[0].partition(": let `beyond`")[0] for fault in faults(flow_of(steps))] == expected


def test_a_bounded_cycle_is_accepted() -> None:
    check(flow_of({"a": emit("b", most_visits=2, beyond="end"), "b": branch("true", to="a")}))


@pytest.mark.parametrize(
    ("when", "fault"),
    [
        ("ticket.priorty == 'low'", "'priorty'"),
        ("ticket.priority == 'lo'", "'lo'"),
        ("ticket.score > 'x'", "ticket.score > 'x'"),
        ("ticket.score", "a condition must be true or false"),
        ("ticket.score >", "ticket.score >"),
        ("tickt.score > 1.0", "there is no 'tickt': did you mean 'ticket'?"),
        ("input.tickt == ''", "'tickt'"),
        ("steps.lost.output == ''", "'lost'"),
        ("steps.q.output.answer == ''", "'answer'"),
        ("item == ''", "there is no 'item'"),
        ("event.type == ''", "there is no 'event'"),
    ],
)
def test_conditions_name_only_what_is_there_and_have_types(when: str, fault: str) -> None:
    flow = flow_of(
        {"q": {"ask": {"question": "?"}, "next": "a"}, "a": branch(when)},
        documents={"ticket": {**TICKET, "json_schema": PRIORITY}},
        input={"type": "object", "properties": {"ticket": {"type": "string"}}},
    )
    (found,) = faults(flow)
    assert found.startswith("steps.a.branch.cases[0].when: ")
    assert fault in found


def test_a_condition_over_several_lines_is_shown_at_its_beginning() -> None:
    text = text_of(
        """\
        a:
          branch:
            cases:
              - when: >
                  input.a == 1 &&
                  inputs.b == 2
                to: end
            else: end
        """
    )
    with pytest.raises(InvalidFlow, match=r"7:17: steps.a.branch.cases\[0\].when: there is no 'inputs'"):
        load(text)


def test_places_have_names_of_their_own() -> None:
    written = {"document": "of_item", "put": 1}
    flow = flow_of(
        {
            "a": {"map": {"over": "${input.x}", "do": {"set": {"write": [written]}}}, "next": "b"},
            "b": {"wait": {"event": {"type": "t", "when": "ticket.priority == 'low'"}}, "next": "c"},
            "c": {"set": {"write": [{"document": "of_item", "put": "${item}"}]}, "next": "end"},
        },
        documents={
            "ticket": TICKET,
            "of_item": {"namespace": "n", "key": "${item.id}"},
            "of_other": {"namespace": "n", "key": "${ticket.id}"},
        },
        output="${of_item.x}",
    )  # fmt: skip
    lacks = "holds `item` or `index`"
    assert sorted(re.split(r": did|: there are|: known|, which", fault)[0] for fault in faults(flow)) == [
        "documents.of_other.key: there is no 'ticket'",
        f"output: the key of 'of_item' {lacks}",
        "steps.b.wait.event.when: there is no 'ticket'",
        f"steps.c.set.write[0].document: the key of 'of_item' {lacks}",
        "steps.c.set.write[0].put: there is no 'item'",
    ]


def test_a_step_is_named_only_after_it() -> None:
    flow = flow_of({"a": {"emit": {**EMIT, "data": "${steps.b.output.id}"}, "next": "b"}, "b": emit()})
    (fault,) = faults(flow)
    assert fault == ("steps.a.emit.data: no way leads from the step 'b' to 'a', so that `steps.b` is never there")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"steps": {"end": emit()}}, "steps.end: 'end' means something else in conditions: call it otherwise"),
        ({"documents": {"input": TICKET}}, "documents.input: 'input' means something else in conditions"),
        ({"documents": {"t": {"namespace": "a b", "key": "k"}}}, "documents.t.namespace: 'a b' must be 1 to 100"),
        ({"documents": {"t": {"namespace": "n", "key": "a/../b"}}}, "documents.t.key: "),
        ({"documents": {"t": {"namespace": "n", "key": "${input.a + input.b}"}}}, "documents.t.key: a key takes plain"),
        (
            {
                "documents": {"t": {"namespace": "n", "key": "${input.a}"}},
                "input": {"type": "object", "properties": {"a": {"type": "array"}}},
            },
            "documents.t.key: 'input.a' gives list, and a key is text",
        ),
        ({"input": {"type": "strin"}}, "input.type: this is no JSON Schema: 'strin' is not valid"),
        ({"input": {"$ref": "http://x/y"}}, "input.$ref: 'http://x/y' would have to be fetched"),
        ({"input": {"$ref": "#/$defs/y"}}, "input.$ref: '#/$defs/y' leads to nothing in this schema"),
        ({"steps": {"a": emit(emit={"type": "a.${input.x}"})}}, "steps.a.emit.type: 'a.${input.x}' is taken as it is"),
        ({"steps": {"a": emit(emit={"type": "x", "data": "${"})}}, "steps.a.emit.data: the ${ that begins here"),
        ({"output": "x" * MAX_FLOW_BYTES}, "the definition has 131,"),
    ],
)  # fmt: skip
def test_names_schemas_and_templates_are_checked(more: Mapping[str, Any], expected: str) -> None:
    definition = {"name": "tested", "steps": {"a": emit()}, **more}
    (fault,) = faults(Flow.model_validate({"start": next(iter(definition["steps"])), **definition}))
    assert fault.startswith(expected)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"set": {"write": [{"document": "tickt", "put": 1}]}}, "set.write[0].document: there is no document 'tickt'"),
        (
            {"set": {"write": [{"document": "ticket", "put": {}}, {"document": "ticket", "delete": True}]}},
            "set.write[1].document: 'ticket' is written twice in one step",
        ),
        (
            {"set": {"write": [{"document": "ticket", "put": {"priority": "mid"}}]}},
            "set.write[0].put.priority: does not fit the document 'ticket': 'mid' is not one of ['low', 'high']",
        ),
        ({"wait": {"time": "2030-01-31T09:00"}}, "wait.time: '2030-01-31T09:00' has no zone"),
        ({"wait": {"time": "tomorrow"}}, "wait.time: 'tomorrow' is no time"),
        ({"wait": {"until": "input.x == 1"}}, "wait.until: names no document, so that no change could make it true"),
        ({"map": {"over": "x", "do": {"emit": EMIT}}}, "map.over: 'x' is no list"),
        ({"map": {"over": "${input.x.size()}", "do": {"emit": EMIT}}}, "map.over: "),
        (
            {"ask": {"question": "?", "deadline": "1h", "escalations": [{"after": "1h", "to": "x"}]}},
            "ask.escalations[0].after: is never reached: the deadline comes first",
        ),
    ],
)
def test_what_steps_hold_is_checked(step: Mapping[str, Any], expected: str) -> None:
    documents = {"ticket": {**TICKET, "json_schema": PRIORITY}}
    (fault,) = faults(flow_of({"a": {**step, "next": "end"}}, documents=documents))
    assert fault.startswith(f"steps.a.{expected}")


def test_teams_tools_and_flows_are_looked_up_where_they_are_known() -> None:
    flow = flow_of(
        {
            "a": {"team": {"name": "triagee", "task": "t"}, "next": "b"},
            "b": {"parallel": {"do": {"x": {"call": {"tool": "loook"}}}}, "next": "c"},
            "c": {"flow": {"name": "child", "input": {"y": 1}}, "next": "d"},
            "d": {"flow": {"name": "chidl"}, "next": "end"},
        }
    )
    child = flow_of({"a": {"flow": {"name": "tested"}, "next": "end"}}, name="child", input={"required": ["x"]})
    check(flow)
    found = faults(flow, teams=["triage"], tools=["look"], others={"child": child})
    assert tuple(fault.partition("; make")[0] for fault in found) == (
        "steps.a.team.name: there is no team 'triagee': did you mean 'triage'?",
        "steps.b.parallel.do.x.call.tool: there is no tool 'loook': did you mean 'look'?",
        "steps.c.flow: the flow 'child' needs the input 'x': add it under `input`",
        "steps.d.flow.name: there is no flow 'chidl': did you mean 'child'?",
        "steps.c.flow.name: the flow runs itself again without a bound: tested -> child -> tested",
    )


def test_a_large_flow_is_checked_in_time() -> None:
    steps = {f"s{number}": branch("true", to=f"s{(number + 1) % 300}") for number in range(300)}
    assert len(faults(flow_of(steps))) == 1
