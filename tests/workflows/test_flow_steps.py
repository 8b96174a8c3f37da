"""What each kind of step does, through the public door."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from contracts.errors import RunFailed
from contracts.flows import Flow
from contracts.runs import Budget
from contracts.state import Place
from perdure.stores import Stores
from tests.support import flow_tools
from tests.support.flow_runs import Flows, call, flow, put
from tests.support.running import scheduled

TICKET = {"ticket": {"namespace": "tickets", "key": "${input.id}"}}


def book() -> str:
    """A name that no other test uses."""
    return secrets.token_hex(4)


async def test_call_hands_typed_values_on(flows: Flows) -> None:
    steps = {
        "a": call("double", number="${input.n}", next="b"),
        "b": call("double", number="${steps.a.output + 1}", next="c"),
        "c": call("note", book=book(), text={"is": "${steps.b.output}", "said": "${input.n} and ${steps.b.output}"}),
    }
    result = await flows.run(flow(steps, output="${steps.c.output}"), input={"n": 4})
    assert result.output == {"is": 18, "said": "4 and 18"}
    assert (result.ended, result.steps) == ("c", 3)


async def test_set_writes_from_what_is_there_and_says_who_and_why(flows: Flows, stores: Stores) -> None:
    key = book()
    count = {"document": "ticket", "patch": {"n": "${has(ticket.n) ? ticket.n + 1 : 1}"}}
    steps = {
        "first": {"set": {"write": [count], "why": "it counts"}, "next": "second"},
        "second": {"set": {"write": [count]}, "next": "end"},
    }
    run = await flows.start(flow(steps, documents=TICKET), input={"id": key})
    await run.result(timeout=20)
    place = Place(namespace="tickets", key=key)
    found = await stores.state.get(place, fresh=True)
    assert found is not None
    assert (found.value, found.version) == ({"n": 2}, 2)
    first = await stores.state.get(place, version=1)
    assert first is not None
    assert (first.author.run, first.author.step, first.author.why) == (run.id, "first:1", "it counts")


async def test_set_is_all_or_nothing(flows: Flows, stores: Stores) -> None:
    key = book()
    await stores.state.commit(put("tickets", f"{key}-old", {"n": 1}))
    documents = {
        "new": {"namespace": "tickets", "key": "${input.id}"},
        "old": {"namespace": "tickets", "key": "${input.id}-old"},
    }
    writes = [{"document": "new", "put": {"n": 1}}, {"document": "old", "put": {"n": 2}, "expect": "absent"}]
    steps = {"both": {"set": {"write": writes}, "next": "end"}}
    with pytest.raises(RunFailed, match="VersionConflict"):
        await flows.run(flow(steps, documents=documents), input={"id": key})
    assert await stores.state.get(Place(namespace="tickets", key=key), fresh=True) is None


async def test_set_deletes(flows: Flows, stores: Stores) -> None:
    key = book()
    await stores.state.commit(put("tickets", key, {"n": 1}))
    steps = {"gone": {"set": {"write": [{"document": "ticket", "delete": True}]}, "next": "end"}}
    await flows.run(flow(steps, documents=TICKET), input={"id": key})
    assert await stores.state.get(Place(namespace="tickets", key=key), fresh=True) is None


BRANCH = {
    "branch": {
        "cases": [
            {"when": "ticket.priority == 'high'", "to": "person"},
            {"when": "ticket.confidence > 0.8", "to": "machine"},
        ],
        "else": "team",
    }
}
WAYS = {name: call("note", book="ways", text=name) for name in ("person", "machine", "team")}


@pytest.mark.parametrize(
    ("ticket", "way"),
    [
        ({"priority": "high", "confidence": 0.1}, "person"),
        ({"priority": "low", "confidence": 0.9}, "machine"),
        ({"priority": "low", "confidence": 0.1}, "team"),
    ],
)
async def test_branch_goes_where_the_state_says(flows: Flows, stores: Stores, ticket: dict[str, Any], way: str) -> None:
    key = book()
    written = await stores.state.commit(put("tickets", key, ticket))
    run = await flows.start(flow({"which": BRANCH, **WAYS}, documents=TICKET), input={"id": key})
    assert (await run.result(timeout=20)).ended == way
    [decision] = await run.decisions()
    assert (decision.taken, decision.sequence >= written.sequence) == (way, True)
    assert [(seen.name, seen.key, seen.version) for seen in decision.documents] == [("ticket", key, 1)]
    assert decision.values["ticket.priority"] == ticket["priority"]


async def test_a_condition_that_cannot_be_evaluated_is_not_false(flows: Flows) -> None:
    steps = {"which": BRANCH, **WAYS}
    with pytest.raises(RunFailed, match=r"ticket\.priority == 'high'.*") as failed:
        await flows.run(flow(steps, documents=TICKET), input={"id": book()})
    assert failed.value.kind == "StepFailed"
    caught = {
        **steps,
        "which": {**BRANCH, "on_error": "sorry"},
        "sorry": call("note", book="x", text="${steps.which.error}"),
    }
    result = await flows.run(flow(caught, documents=TICKET, output="${steps.sorry.output}"), input={"id": book()})
    assert result.output.startswith("ExpressionFailed: ")


async def test_emit_keeps_one_event(flows: Flows, stores: Stores) -> None:
    subject = book()
    steps = {"tell": {"emit": {"type": "ticket.solved", "subject": "${input.s}", "data": {"n": 1}}, "next": "end"}}
    result = await flows.run(flow(steps, output="${steps.tell.output.id}"), input={"s": subject})
    events = await stores.events.events(after=0, limit=1000, types=("ticket.solved",))
    [event] = [event for event in events if event.subject == subject]
    assert (event.id, event.data) == (result.output, {"n": 1})
    assert event.source == f"/flows/tried/{result.run_id}"


async def test_a_flow_tells_of_its_life(flows: Flows, stores: Stores) -> None:
    result = await flows.run(flow({"a": call("double", number=1)}), input={"x": 1})
    events = await stores.events.events(after=0, limit=1000, types=("perdure.flow.*",))
    told = [(event.type, event.data) for event in events if event.subject == result.run_id]
    common = {"run": result.run_id, "flow": "tried"}
    assert told == [
        ("perdure.flow.started", {**common, "input": {"x": 1}}),
        ("perdure.flow.ended", {**common, "ended": "finished", "step": "a"}),
    ]


async def test_team_runs_as_a_child(flows: Flows) -> None:
    steps = {"ask": {"team": {"name": "single", "task": "Do ${input.what}."}, "next": "end"}}
    result = await flows.run(flow(steps, output="${steps.ask.output}"), input={"what": "it"})
    assert result.output["stop_reason"] == "finished"
    assert result.output["answer"]
    assert result.output["run_id"].startswith(f"{result.run_id}.ask.1-")
    assert result.usage.model_calls == result.output["usage"]["model_calls"] == 1
    child = await flows.running.perdure.get(result.output["run_id"])
    assert (await child.transcript())[0].text == "Do it."


async def test_teams_share_the_budget_of_their_flow(flows: Flows) -> None:
    steps = {
        "first": {"team": {"name": "round_robin", "task": "Go.", "budget": {"turns": 2}}, "next": "second"},
        "second": {"team": {"name": "round_robin", "task": "Go."}, "next": "third", "on_error": "end"},
        "third": {"team": {"name": "round_robin", "task": "Go."}, "next": "end", "on_error": "end"},
    }
    output = {"second": "${steps.second.output.stop_reason}", "third": "${steps.third.error}"}
    result = await flows.run(flow(steps, output=output), budget=Budget(turns=3))
    assert result.usage.turns == 3
    assert result.output["second"] == "budget"
    assert result.output["third"].startswith("BudgetExhausted: turns")


async def test_flow_runs_another_one(flows: Flows) -> None:
    child = flow({"a": call("double", number="${input.n}")}, name="child", output={"twice": "${steps.a.output}"})
    steps = {"sub": {"flow": {"name": "child", "input": {"n": "${input.n}"}}, "next": "end"}}
    result = await flows.run(flow(steps, output="${steps.sub.output.twice}"), flows=(child,), input={"n": 21})
    assert result.output == 42


async def test_input_that_does_not_fit_is_refused(flows: Flows) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    with pytest.raises(RunFailed, match="'n' is a required property") as failed:
        await flows.run(flow({"a": call("double", number=1)}, input=schema), input={})
    assert failed.value.kind == "SchemaViolation"


async def test_retry_tries_again_and_says_the_last_error(flows: Flows) -> None:
    retry = {"attempts": 3, "first_delay": "1ms"}
    one = book()
    result = await flows.run(
        flow({"a": call("flaky", book=one, fails=2, step={"retry": retry})}, output="${steps.a.output}")
    )
    assert result.output == 3
    with pytest.raises(RunFailed, match=r"step 'a' failed: ToolFailed: .*attempt 2 failed"):
        await flows.run(flow({"a": call("flaky", book=book(), fails=2, step={"retry": {**retry, "attempts": 2}})}))


async def test_what_the_caller_must_change_is_not_tried_again(flows: Flows) -> None:
    one = book()
    steps = {
        "a": call("refuse", book=one, step={"on_error": "b"}),
        "b": call("note", book=one, text="${steps.a.error}"),
    }
    await flows.run(flow(steps))
    assert flow_tools.attempts[one] == 1
    assert flow_tools.done[one] == [f"BadRequest: {one!r} is not asked for like this"]


async def test_unknown_tool_is_named(flows: Flows) -> None:
    with pytest.raises(RunFailed, match="unknown tool 'doubel': did you mean 'double'"):
        await flows.run(flow({"a": call("doubel", number=1)}))


async def test_timeout_bounds_an_attempt(flows: Flows) -> None:
    step = {"timeout": "100ms", "retry": {"attempts": 1}}
    with pytest.raises(RunFailed, match=r"took longer than its 0\.1 s"):
        await flows.run(flow({"a": call("hang", step=step)}))


async def test_timeout_bounds_a_child(flows: Flows) -> None:
    child = flow({"a": call("hang")}, name="child")
    steps = {"sub": {"flow": {"name": "child"}, "next": "end", "timeout": "200ms", "retry": {"attempts": 1}}}
    with pytest.raises(RunFailed, match="step 'sub' failed: TimedOut: it took longer than"):
        await flows.run(flow(steps), flows=(child,))


def loop(**bound: Any) -> Flow:
    """Counts in state until it is bounded."""
    steps = {
        "count": {
            "set": {"write": [{"document": "ticket", "patch": {"n": "${has(ticket.n) ? ticket.n + 1 : 1}"}}]},
            "next": "again",
            **bound,
        },
        "again": {"branch": {"cases": [{"when": "ticket.n > 100", "to": "end"}], "else": "count"}},
        "out": call("note", book="x", text="${steps.count.visits}"),
    }
    return flow(steps, documents=TICKET, output="${steps.count.visits}")


async def test_a_bounded_cycle_goes_beyond(flows: Flows) -> None:
    result = await flows.run(loop(most_visits=3, beyond="out"), input={"id": book()})
    assert (result.output, result.ended) == (3, "out")


async def test_a_bounded_cycle_without_a_way_out_fails(flows: Flows) -> None:
    with pytest.raises(RunFailed, match="step 'count' was visited 3 times"):
        await flows.run(loop(most_visits=3), input={"id": book()})


async def test_outputs_are_bounded(flows: Flows) -> None:
    with pytest.raises(RunFailed, match=r"PayloadTooLarge.*65,536 bytes"):
        await flows.run(flow({"a": call("large", size=70_000)}))
    steps = {f"s{n}": call("large", size=60_000, next=f"s{n + 1}" if n < 4 else "end") for n in range(1, 5)}
    with pytest.raises(RunFailed, match="all outputs together, with that of step 's4'"):
        await flows.run(flow(steps))


async def test_activities_and_the_details_can_be_read(flows: Flows) -> None:
    steps = {
        "a": call("double", number=1, next="which"),
        "which": {"branch": {"cases": [{"when": "steps.a.output == 2", "to": "end"}], "else": "a"}},
    }
    run = await flows.start(flow(steps))
    await run.result(timeout=20)
    view = await run.view()
    assert [(step.step, step.visit, step.kind, step.outcome, step.to) for step in view.steps] == [
        ("a", 1, "call", "done", "which"),
        ("which", 1, "branch", "done", "end"),
    ]
    assert view.closed
    decision = view.steps[1].decision
    assert decision is not None
    assert "steps.a.output == 2" in decision.reason
    ids = [activity.activity_id for activity in scheduled(await flows.history(run))]
    assert sorted(ids) == ["a:1", "flow~ended", "flow~started"]


async def test_parallel_does_all(flows: Flows) -> None:
    do = {
        "left": {"call": {"tool": "double", "arguments": {"number": 1}}},
        "right": {"call": {"tool": "double", "arguments": {"number": 2}}},
    }
    steps = {"both": {"parallel": {"do": do}, "next": "end"}}
    assert (await flows.run(flow(steps, output="${steps.both.output}"))).output == {"left": 2, "right": 4}


async def test_one_failure_fails_all_in_parallel(flows: Flows) -> None:
    do = {
        "left": {"call": {"tool": "hang", "arguments": {}}},
        "right": {"call": {"tool": "refuse", "arguments": {"book": book()}}},
    }
    with pytest.raises(RunFailed, match="step 'both' failed: BadRequest: right: "):
        await flows.run(flow({"both": {"parallel": {"do": do}, "next": "end"}}))


async def test_cancel_is_heard(flows: Flows) -> None:
    run = await flows.start(flow({"a": call("hang")}))
    await flows.reaches(run, "a")
    await run.cancel()
    with pytest.raises(RunFailed):
        await run.result(timeout=20)


async def test_what_a_failed_team_has_used_is_counted(flows: Flows) -> None:
    team = {"name": "failing_at_last", "task": "Go."}
    steps = {"first": {"team": team, "next": "end", "on_error": "end", "retry": {"attempts": 1}}}
    result = await flows.run(flow(steps, output="${steps.first.error}"), budget=Budget(model_calls=20))
    assert result.output.startswith("TeamFailed: ")
    assert result.usage.model_calls == 1
