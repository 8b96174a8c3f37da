"""Every example of the reference page, evaluated."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ExpressionFailed, InvalidExpression
from expressions import templates
from expressions.checker import check
from expressions.evaluator import evaluate
from expressions.functions import FUNCTIONS

PAGE = (Path(__file__).parents[2] / "docs/reference/expressions.md").read_text(encoding="utf-8")
TICKET: dict[str, Any] = {
    "type": "object",
    "properties": {
        "status": {"enum": ["open", "closed"]},
        "priority": {"type": "integer"},
        "confidence": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def _examples(language: str) -> list[tuple[str, str]]:
    lines = "".join(_blocks(language)).splitlines()
    return [(text, expected) for text, _, expected in (line.partition(" → ") for line in lines)]


VALUES: dict[str, Any] = json.loads(_blocks("values")[0])


@pytest.mark.parametrize(("text", "expected"), _examples("cel"))
def test_examples_give_what_the_page_says(text: str, expected: str) -> None:
    check(text, dict.fromkeys(VALUES), expects="any")
    if not expected.startswith("fails: "):
        found = evaluate(text, VALUES)
        assert (found, type(found)) == (json.loads(expected), type(json.loads(expected)))
        return
    with pytest.raises(ExpressionFailed) as caught:
        evaluate(text, VALUES)
    assert expected.removeprefix("fails: ") in str(caught.value)


@pytest.mark.parametrize(("template", "expected"), _examples("template"))
def test_templates_are_filled_as_the_page_says(template: str, expected: str) -> None:
    assert templates.fill(json.loads(template), VALUES) == json.loads(expected)


@pytest.mark.parametrize(("text", "expected"), _examples("refused"))
def test_faults_are_found_where_the_page_says(text: str, expected: str) -> None:
    column, _, reason = expected.removeprefix("column ").partition(": ")
    with pytest.raises(InvalidExpression) as caught:
        check(text, {"ticket": TICKET})
    assert caught.value.column == int(column)
    assert reason in caught.value.reason


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_described(name: str) -> None:
    assert f"{name}(" in PAGE


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("t.getFullYear()", 2026),
        ("t.getMonth()", 0),
        ("t.getDate()", 5),
        ("t.getDayOfMonth()", 4),
        ("t.getDayOfYear()", 4),
        ("t.getMilliseconds()", 250),
        ("t.getHours()", 10),
        ("duration('90m').getHours()", 1),
        ("duration('90m').getMinutes()", 90),
        ("duration('90m').getSeconds()", 5400),
        ("duration('1500ms').getMilliseconds()", 1500),
    ],
)
def test_parts_of_times_are_counted_as_the_page_says(text: str, value: int) -> None:
    assert evaluate(text.replace("t.", "timestamp('2026-01-05T10:30:05.25+02:00')."), {}) == value
