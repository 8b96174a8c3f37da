from __future__ import annotations

from typing import Any

import pytest

from contracts.errors import BadRequest, IllegalTransition, InvalidExpression, SchemaViolation
from contracts.state import RULES_NAMESPACE, Commit
from tests.conformance.state_backends import State, put, write

SCHEMA = {
    "type": "object",
    "properties": {"status": {"type": "string"}, "sum": {"type": "number"}, "by": {"$ref": "#/$defs/name"}},
    "required": ["status"],
    "$defs": {"name": {"type": "string", "minLength": 1}},
}
MACHINE = {
    "initial": ["new"],
    "states": ["new", "open", "paid", "closed"],
    "transitions": [
        {"event": "begin", "source": ["new"], "target": "open"},
        {"event": "pay", "source": ["open"], "target": "paid", "guard": "new.sum > 0.0 && new.by != old.by"},
        {"event": "close", "source": ["*"], "target": "closed"},
    ],
    "final": ["closed"],
}


async def rule(state: State, **rules: Any) -> None:
    await state.put(f"{RULES_NAMESPACE}/invoices", rules)


async def test_a_value_that_does_not_fit_the_schema_is_refused(state: State) -> None:
    await rule(state, json_schema=SCHEMA)
    await state.put("invoices/a", {"status": "any", "sum": 1})
    with pytest.raises(SchemaViolation, match=r"invoices/a .* does not fit its schema: \$\.sum: '1' is not of type"):
        await state.put("invoices/a", {"status": "any", "sum": "1"})
    with pytest.raises(SchemaViolation, match="'status' is a required property"):
        await state.commit(write("patch", "invoices/a", {"status": None}))
    with pytest.raises(SchemaViolation, match=r"\$\.by"):
        await state.commit(write("patch", "invoices/a", {"by": ""}))
    await state.put("others/a", "free")
    await state.commit(write("delete", "invoices/a"))


async def test_rules_hold_from_the_next_commit_on_and_end_with_them(state: State) -> None:
    await state.put("invoices/old", "free")
    await rule(state, json_schema=SCHEMA)
    assert await state.value("invoices/old") == "free"
    with pytest.raises(SchemaViolation):
        await state.put("invoices/old", "still")
    await rule(state, json_schema={"type": "string"})
    await state.put("invoices/old", "still")
    await state.commit(write("delete", f"{RULES_NAMESPACE}/invoices"))
    await state.put("invoices/old", 1)


async def test_a_rollback_must_fit_the_schema_of_today(state: State) -> None:
    await state.put("invoices/a", "free")
    await state.put("invoices/a", {"status": "new"})
    await rule(state, json_schema=SCHEMA)
    with pytest.raises(SchemaViolation):
        await state.commit(write("restore", "invoices/a", to=1))


async def test_documents_go_their_way(state: State) -> None:
    await rule(state, machine=MACHINE)
    await state.put("invoices/a", {"status": "new", "by": "bob"})
    await state.commit(write("patch", "invoices/a", {"note": "no change of state"}))
    await state.commit(write("patch", "invoices/a", {"status": "open"}))
    await state.commit(write("patch", "invoices/a", {"status": "paid", "sum": 1.5, "by": "ada"}))
    await state.commit(write("patch", "invoices/a", {"status": "closed"}))
    await state.commit(write("delete", "invoices/a"))


async def test_a_wrong_way_is_refused_and_those_that_are_allowed_are_listed(state: State) -> None:
    await rule(state, machine=MACHINE)
    await state.put("invoices/a", {"status": "new"})
    with pytest.raises(IllegalTransition, match=r"allowed from here: begin -> open, close -> closed") as refusal:
        await state.commit(write("patch", "invoices/a", {"status": "paid"}))
    assert (refusal.value.source, refusal.value.target) == ("new", "paid")
    assert refusal.value.allowed == ("begin -> open", "close -> closed")
    assert await state.value("invoices/a", fresh=True) == {"status": "new"}


async def test_a_guard_that_is_not_true_refuses(state: State) -> None:
    await rule(state, machine=MACHINE)
    await state.put("invoices/a", {"status": "new", "by": "ada"})
    await state.commit(write("patch", "invoices/a", {"status": "open"}))
    with pytest.raises(IllegalTransition, match=r"its guard .* is not true"):
        await state.commit(write("patch", "invoices/a", {"status": "paid", "sum": 1.5}))
    with pytest.raises(IllegalTransition, match=r"its guard fails: .* there is no field 'by'"):
        await state.put("invoices/a", {"status": "paid", "sum": 1.5})


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"status": "open"}, "no document begins there"),
        ({"status": "lost"}, "'lost' is no state: new, open, paid, closed"),
        ({}, "None is no state"),
        ({"status": 1}, "None is no state"),
        ("new", "None is no state"),
    ],
)
async def test_a_document_begins_in_an_initial_state(state: State, value: Any, why: str) -> None:
    await rule(state, machine=MACHINE)
    with pytest.raises(IllegalTransition, match=why) as refusal:
        await state.put("invoices/a", value)
    assert refusal.value.allowed == ("new -> new",)


async def test_nothing_leaves_a_final_state(state: State) -> None:
    await rule(state, machine=MACHINE)
    await state.put("invoices/a", {"status": "new"})
    await state.put("invoices/a", {"status": "closed"})
    with pytest.raises(IllegalTransition, match="allowed from here: nothing"):
        await state.put("invoices/a", {"status": "new"})


async def test_only_what_is_final_is_deleted(state: State) -> None:
    await rule(state, machine=MACHINE)
    await state.put("invoices/a", {"status": "new"})
    with pytest.raises(IllegalTransition, match="only documents in a final state may be deleted: closed"):
        await state.commit(write("delete", "invoices/a"))


async def test_a_rollback_needs_no_transition(state: State) -> None:
    await rule(state, machine=MACHINE)
    await state.put("invoices/a", {"status": "new"})
    await state.put("invoices/a", {"status": "open"})
    await state.commit(write("restore", "invoices/a", to=1))
    assert await state.value("invoices/a", fresh=True) == {"status": "new"}


async def test_the_field_may_be_deep(state: State) -> None:
    await rule(state, machine=MACHINE | {"field": "state.now"})
    await state.put("invoices/a", {"state": {"now": "new"}})
    with pytest.raises(IllegalTransition):
        await state.put("invoices/a", {"state": {"now": "paid"}})


async def test_rules_of_a_branch_are_its_own(state: State) -> None:
    await state.fork("before")
    await rule(state, json_schema=SCHEMA)
    await state.fork("after")
    await state.put("invoices/a", 1, branch="before")
    with pytest.raises(SchemaViolation):
        await state.put("invoices/a", 1, branch="after")
    with pytest.raises(SchemaViolation):
        await state.store.merge("before", commit=Commit(tenant=state.tenant))
    assert (await state.store.branches(tenant=state.tenant))[1].state == "open"


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ("text", "Input should be an object"),
        ({"machine": {"states": ["a"]}}, r"machine\.initial: Field required"),
        ({"machine": {"states": ["a", "a"], "initial": ["a"]}}, "a state twice"),
        ({"machine": {"states": ["a"], "initial": ["b"]}}, "'b' is not one of the machine's states: a"),
        (
            {"machine": MACHINE | {"transitions": [{"event": "x", "source": ["closed"], "target": "new"}]}},
            "the transition 'x' leaves 'closed', which is final",
        ),
        (
            {"machine": MACHINE | {"transitions": [{"event": "x", "source": ["new"], "target": "gone"}]}},
            "'gone' is not one",
        ),
        ({"json_schema": {"type": "strange"}}, r"the JSON schema is wrong at \$\.type"),
        ({"json_schema": {"$ref": "https://example.org/schema"}}, "references must stay inside"),
        ({"json_schema": {"$ref": "#/$defs/none"}}, "refers to '#/\\$defs/none', which is not there"),
    ],
)
async def test_bad_rules_are_refused_when_they_are_written(state: State, rules: Any, why: str) -> None:
    with pytest.raises(BadRequest, match=f"{RULES_NAMESPACE}/invoices .*{why}"):
        await state.put(f"{RULES_NAMESPACE}/invoices", rules)
    assert await state.get(f"{RULES_NAMESPACE}/invoices") is None


@pytest.mark.parametrize("guard", ["new.sum >", "new.total > 1.0", "other.x == 1", "new.sum"])
async def test_a_guard_that_does_not_compile_is_refused_when_it_is_written(state: State, guard: str) -> None:
    ways = [{"event": "x", "source": ["new"], "target": "open", "guard": guard}]
    schema = SCHEMA | {"additionalProperties": False}
    with pytest.raises(InvalidExpression, match="line 1, column"):
        await rule(state, machine=MACHINE | {"transitions": ways}, json_schema=schema)


async def test_one_commit_that_is_refused_stops_no_other(state: State) -> None:
    await rule(state, json_schema=SCHEMA)
    await state.commit(put("others/a", 1))
    with pytest.raises(SchemaViolation):
        await state.commit(put("others/a", 2), put("invoices/a", 1))
    assert await state.value("others/a", fresh=True) == 1
