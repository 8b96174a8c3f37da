from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.errors import InvalidFlow
from contracts.flows import Action, Assignment, CallAction, EmitAction, EventWait, SetAction
from flows.builder import FlowBuilder
from flows.loading import load
from tests.support.flow_texts import EVERY_KIND


def test_a_built_flow_is_the_one_that_is_read() -> None:
    read = load(EVERY_KIND)
    ticket = read.documents["ticket"].json_schema
    put = Assignment(document="source", put={"place": "${index}", "url": "${item.url}"})
    built = (
        FlowBuilder("everything", description="One step of every kind.", input=read.input)
        .document("ticket", namespace="tickets", key="${input.ticket}", json_schema=ticket)
        .document("source", namespace="sources", key="${item.url}")
        .team(
            "triage",
            name="triage",
            task="Triage ${input.ticket}",
            answer_schema={"type": "object", "properties": {"ok": {"type": "boolean"}}},
            on_error="person",
            compensate=Action(call=CallAction(tool="forget", arguments={"answer": "${steps.triage.output.answer}"})),
            next="decide",
        )
        .branch("decide", ("ticket.confidence >= 0.8 && steps.triage.output.value.ok", "write"), otherwise="person")
        .set("write", Assignment(document="ticket", patch={"status": "answered"}), next="later")
        .wait(
            "later",
            until='ticket.status == "answered"',
            timeout=timedelta(days=2),
            on_timeout="person",
            next="happened",
        )
        .wait("happened", event=EventWait(type="ticket.seen", when="event.subject == input.ticket"), next="each")
        .map("each", over="${input.sources}", do=Action(set=SetAction(write=(put,))), next="both")
        .parallel(
            "both",
            do={"one": Action(call=CallAction(tool="look")), "two": Action(emit=EmitAction(type="two"))},
            next="tell",
        )
        .emit("tell", type="told", data={"id": "${steps.both.output.two.id}"}, next="child")
        .flow("child", name="other", input={"ticket": "${input.ticket}"}, next="look")
        .call("look", tool="look", arguments={"note": "${steps.person.output.note}"}, next="end")
        .ask(
            "person",
            question="What of ${input.ticket}?",
            json_schema={"enum": ["again", "enough"]},
            deadline="3d",
            on_deadline="end",
            most_visits=3,
            beyond="end",
            next="again",
        )
        .branch("again", ('steps.person.output.value == "again"', "triage"), otherwise="look")
        .output("${steps.person.visits}")
        .build()
    )
    assert built == read


def test_all_faults_are_told_at_the_end() -> None:
    builder = (
        FlowBuilder("tested")
        .emit("a", type="x", next="b")
        .emit("a", type="x", next="end")
        .wait("w", duration="5 years", next="end")
    )
    with pytest.raises(InvalidFlow) as refused:
        builder.build()
    twice, duration = refused.value.faults
    assert twice == "steps.a: is added twice: remove one"
    assert duration.startswith("steps.w.wait.duration: '5 years' is no duration")


def test_a_builder_knows_what_is_registered() -> None:
    builder = FlowBuilder("tested").team("a", name="nobody", task="x", next="end")
    builder.build()
    with pytest.raises(InvalidFlow, match="there is no team 'nobody'"):
        builder.build(teams=["somebody"])
