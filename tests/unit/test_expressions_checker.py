"""What the checker accepts, what it refuses, and where it says the fault is."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.errors import InvalidExpression
from expressions import templates
from expressions.checker import check

TICKET: dict[str, Any] = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"type": "string", "enum": ["open", "waiting", "closed"]},
        "priority": {"type": "integer"},
        "confidence": {"type": "number"},
        "urgent": {"type": "boolean"},
        "owner": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "note": {"type": ["string", "null"]},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "customer": {"$ref": "#/$defs/customer"},
        "items": {"type": "array", "items": {"type": "object", "properties": {"price": {"type": "number"}}}},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "$defs": {"customer": {"type": "object", "properties": {"name": {"type": "string"}}}},
}
NAMES: dict[str, Any] = {"ticket": TICKET, "input": None, "steps": None}


@pytest.mark.parametrize(
    "text",
    [
        "ticket.confidence >= 0.8 && ticket.priority > 2",
        "ticket.confidence == 1",
        "ticket.urgent",
        "!ticket.urgent || ticket.status == 'open'",
        "ticket.status in ['open', 'waiting']",
        "has(ticket.owner) && ticket.owner != null && ticket.owner.startsWith('a')",
        "ticket.note == null ? true : size(ticket.note) > 3",
        "ticket.labels.anything == 'x'",
        "ticket.labels['any thing'] == 'x'",
        "'x' in ticket.labels",
        "ticket.customer.name == 'Ada'",
        "ticket.items.exists(i, i.price > 3)",
        "ticket.items.filter(i, i.price > 3).all(i, has(i.price))",
        "ticket.items.map(i, double(i.price) * 1.5).exists(p, p > 100.0)",
        "ticket.items[0].price > 3",
        "ticket.tags.exists(t, ticket.items.exists(i, i.price > t.size()))",
        "[ticket.priority, 3].exists(p, p > 2)",
        "(ticket.tags + ['x']).exists(t, t.matches(r'^\\w+$'))",
        "input.anything.at.all > 3",
        "input.list[input.place]",
        "steps.find.output.score > 0.5",
        "double(ticket.priority) * 1.5 > 3.0",
        "ticket.priority * 2 + 1 > 3 - -1",
        "input.x + input.y == 3",
        "timestamp(input.at) + duration('1h') < timestamp('2026-01-01T00:00:00Z')",
        "timestamp(input.at).getHours() >= 9",
        "int('3') == 3 && string(3) == '3'",
        "{'a': 1}.a == 1",
        "1 == 1 == true",
        "input.for == 1",
    ],
)
def test_it_accepts(text: str) -> None:
    assert check(text, NAMES).type in {"bool", "any"}


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("ticket.prority > 2", 8, "no field 'prority': did you mean 'priority'?"),
        ("tickte.priority > 2", 1, "no 'tickte': did you mean 'ticket'?"),
        ("nobody", 1, "there are input, steps, ticket"),
        ("ticket.customer.nam == ''", 17, "did you mean 'name'?"),
        ("ticket.items.all(i, i.prize > 2)", 23, "did you mean 'price'?"),
        ("has(ticket.prority)", 12, "did you mean 'priority'?"),
        ("ticket.priority", 8, "a condition must be true or false, and this is a whole number"),
        ("ticket.priority > 'high'", 17, "cannot compare a whole number with text"),
        ("ticket.priority == 'high'", 17, "a whole number is never equal to text"),
        ("ticket.status == 'opne'", 15, "'opne' is none of the allowed values 'open', 'waiting', 'closed'"),
        ("ticket.priority in ['a']", 17, "never in a list of string values"),
        ("ticket.priority && true", 17, "&& needs true or false on both sides"),
        ("!ticket.priority", 1, "one side is a whole number"),
        ("-ticket.status == ''", 1, "- needs a number, and there is text"),
        ("ticket.confidence * 2.0 > 1.0", 19, "write double(…) around each"),
        ("ticket.priority + 1.5 > 1.0", 17, "two whole numbers or two with a fraction"),
        ("ticket.status + ticket.priority == ''", 15, "write string(…) around what is no text"),
        ("ticket.status.priority == 1", 15, "text has no field 'priority'"),
        ("ticket.status[0] == 'o'", 14, "text has no items"),
        ("ticket.items['a'] == 1", 13, "a list has no item at text"),
        ("ticket.items[-1].price > 1", 14, "counted from 0"),
        ("ticket.urgent ? 1 : 2", 8, "this is a whole number"),
        ("ticket.priority ? true : false", 8, "before ? must be true or false"),
        ("siz(ticket.tags) > 1", 1, "no function siz(): did you mean size()?"),
        ("now() > 1", 1, "no function now(): there are all, contains"),
        ("ticket.tags.sort() == []", 13, "no function sort()"),
        ("size(ticket.priority) > 1", 1, "size() does not take a whole number"),
        ("size() > 1", 1, "size is written size(value) or value.size()"),
        ("contains(ticket.status, 'a')", 1, "contains is written value.contains(…)"),
        ("ticket.priority.int() > 1", 17, "int is written int(…)"),
        ("ticket.status.matches(ticket.note)", 15, "must be a text that stands here"),
        ("ticket.status.matches('(')", 23, "unclosed group"),
        (r"ticket.status.matches(r'(\w{50}){50}')", 23, "takes too long to build"),
        ("ticket.status.matches('" + "a" * 201 + "')", 23, "at most 200 are allowed"),
        ("ticket.labels.all(l, l == '')", 15, "all() goes through lists only, and this is a map"),
        ("ticket.tags.all(t, size(t))", 13, "needs true or false for each item"),
        ("ticket.tags.all(input, true)", 13, "'input' is the name of something else"),
        ("ticket.tags.all(a, ticket.tags.all(b, ticket.tags.all(c, true)))", 51, "more than 2 of all"),
        ("input.a.map(i, i.b).all(c, c.all(d, d))", 30, "must go through a path"),
        ("(input.a ? input.b : input.c).all(d, d)", 31, "must go through a path"),
        ("input.a[0].all(d, d)", 12, "must go through a path"),
        ("ticket.tags.exists(true, true)", 13, "takes a name and an expression"),
        ("ticket.tags.map(t, t != '', t)", 13, "takes a name and an expression"),
        ("has(ticket)", 1, "takes one field with its path"),
        ("9223372036854775808 > 1", 1, "the largest whole number"),
        ("99999999999999999999 > 1", 1, "the largest whole number"),
        ("1e400 > 1.0", 1, "larger than the largest number"),
        ("{1: 2} == {}", 2, "names in a map must be texts"),
        ("{'a': 1, 'a': 2} == {}", 10, "'a' is there twice"),
        (r"'\q' == ''", 2, r"\q stands for no character"),
        (r"'ab\ud800' == ''", 4, "stands for no character"),
        ("input.in == 1", 7, "write the field as ['in']"),
        ("for == 1", 1, "a word that CEL keeps for itself"),
        ("ticket.status = 'open'", 15, "equality is written =="),
        ("ticket.urgent & true", 15, "and is written &&"),
        ("ticket.urgent | true", 15, "or is written ||"),
        ("ticket.status == 'open", 18, "this text does not end"),
        ("ticket.priority >", 17, "ends too early"),
        ("(1 == 1", 7, "ends too early"),
        ("1 == 1)", 7, "')' is not expected here"),
        ("1u == 1", 2, "'u' is not expected here"),
        ("ticket..status", 8, "'.' is not expected here"),
        ("1 == 1 // why", 9, "'/' is not expected here"),
        ("\x00", 1, "is not expected here"),
        ("  ", 1, "it is empty"),
        ("(" * 40 + "true" + ")" * 40, 33, "more than 32 brackets"),
        ("true ? true : " * 40 + "true", 113, "more than 32 parts"),
        ("!" * 20 + "true", 1, "more than 8 signs"),
        ("true || " * 300 + "true", 1, "at most 2,048 are allowed"),
    ],
)
def test_it_refuses(text: str, column: int, reason: str) -> None:
    with pytest.raises(InvalidExpression) as caught:
        check(text, NAMES)
    assert reason in caught.value.reason
    assert (caught.value.line, caught.value.column) == (1, column)


def test_half_a_character_is_refused_where_it_stands() -> None:
    with pytest.raises(InvalidExpression, match="half a character") as caught:
        check("1 == 1\n'\ud800'", NAMES)
    assert (caught.value.line, caught.value.column) == (2, 2)


def test_a_fault_is_found_in_its_line() -> None:
    with pytest.raises(InvalidExpression) as caught:
        check("ticket.urgent &&\n  ticket.prority > 2", NAMES)
    assert (caught.value.line, caught.value.column) == (2, 10)


def test_it_tells_what_is_referred_to_and_what_comes_out() -> None:
    checked = check(
        "ticket.items.filter(i, i.price > input.limit).map(i, double(i.price) + steps.a.x)", NAMES, expects="any"
    )
    assert checked.type == "list"
    assert checked.paths == (("ticket", "items"), ("input", "limit"), ("steps", "a", "x"))
    assert checked.roots == {"ticket", "input", "steps"}
    assert check("ticket['odd name'].x == input.list[0]", {"ticket": None, "input": None}).paths == (
        ("ticket", "odd name", "x"),
        ("input", "list"),
    )


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("1 + 2", "int"),
        ("1.0 + 2.0", "double"),
        ("ticket.confidence", "number"),
        ("'a' + 'b'", "string"),
        ("null", "null"),
        ("[1]", "list"),
        ("{}", "map"),
        ("timestamp('x') - timestamp('y')", "duration"),
        ("input.x", "any"),
        ("true ? 1 : 2.0", "number"),
        ("true ? 1 : 'a'", "any"),
    ],
)
def test_types_of_results(text: str, type_: str) -> None:
    assert check(text, NAMES, expects="any").type == type_


def test_a_schema_that_allows_more_fields_denies_none() -> None:
    open_schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": True}
    assert check("x.b > 1", {"x": open_schema}).type == "bool"
    assert check("x.b > 1", {"x": {"anyOf": [{"type": "object"}]}}).type == "bool"
    assert check("x.b.c > 1", {"x": {"$ref": "#/nowhere"}}).type == "bool"
    assert check("x.x.x > 1", {"x": {"$ref": "#"}}).type == "bool"


def test_templates_are_checked() -> None:
    paths = templates.check({"a": "${ticket.priority + 1}", "b": ["x ${input.y}"]}, NAMES)
    assert paths == (("ticket", "priority"), ("input", "y"))
    with pytest.raises(InvalidExpression, match="did you mean 'priority'"):
        templates.check(["${ticket.prority}"], NAMES)
