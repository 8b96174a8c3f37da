"""Templates of plain paths: what is found in them, and what is put in."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.errors import ExpressionFailed, InvalidExpression
from expressions import paths

BINDINGS: dict[str, Any] = {
    "input": {"name": "Ada", "tags": ["a", "b"], "odd name": 1, "none": None, "text": "${input.name}"},
    "steps": {"find": {"output": {"score": 0.5, "items": [{"id": 7}]}}},
}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("plain", "plain"),
        ("", ""),
        ("${input.name}", "Ada"),
        ("${ input . name }", "Ada"),
        ("${input.tags}", ["a", "b"]),
        ("${input.none}", None),
        ("Dear ${input.name}, ${steps.find.output.score}", "Dear Ada, 0.5"),
        ("${input.tags} ${input.none}", '["a", "b"] null'),
        ("${steps.find.output.items[0].id}", 7),
        ("${input['odd name']}", 1),
        ('${input["odd name"]}', 1),
        ("costs $${5} and ${input.name}", "costs ${5} and Ada"),
        ("$5", "$5"),
        ("x ${input.text}", "x ${input.name}"),
        ({"a": ["${input.name}", 3], "${b}": None}, {"a": ["Ada", 3], "${b}": None}),
        (12, 12),
    ],
)
def test_values_are_put_in(template: Any, filled: Any) -> None:
    assert paths.fill(template, BINDINGS) == filled


@pytest.mark.parametrize(
    ("expression", "plain"),
    [
        ("input.name", True),
        ("item", True),
        ("a[0].b['c']", True),
        ("input.in", False),
        ("true", False),
        ("null", False),
        ("1", False),
        ("a + b", False),
        ("size(a)", False),
        ("a.size()", False),
        ("a[-1]", False),
        ("a[b]", False),
        (r"a['\n']", False),
        ("a.", False),
        ("", False),
    ],
)
def test_a_plain_path_is_told_from_other_expressions(expression: str, plain: bool) -> None:
    assert (paths.plain_path(expression) is not None) is plain


def test_expressions_are_found_with_braces_and_texts_inside_of_them() -> None:
    template = {"a": "x ${ {'k}': 1}['k}'] } ${b}", "c": [r"${r'\'} }", "none", '${"}\\"" + d}']}
    assert paths.expressions_in(template) == [" {'k}': 1}['k}'] ", "b", r"r'\'", '"}\\"" + d']
    assert paths.is_template(template)
    assert not paths.is_plain(template)
    assert paths.is_plain({"a": "${b.c} and ${d[0]}"})
    assert not paths.is_template({"a": ["none", 1, None]})


@pytest.mark.parametrize(("template", "line", "column"), [("ab ${c", 1, 4), ("a\nb${ }", 2, 2), ("${'}'", 1, 1)])
def test_a_broken_template_says_where(template: str, line: int, column: int) -> None:
    with pytest.raises(InvalidExpression) as caught:
        paths.expressions_in(template)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("inptu.name", "there is no 'inptu'; known are input, steps"),
        ("input.nam", "there is no field 'nam'"),
        ("input.tags[2]", "the list has 2 items and none at 2"),
        ("input.name.first", "str has no 'first'"),
    ],
)
def test_a_path_that_leads_to_nothing_says_so(path: str, message: str) -> None:
    with pytest.raises(ExpressionFailed, match="cannot be evaluated") as caught:
        paths.look_up(path, BINDINGS)
    assert message in str(caught.value)
    assert caught.value.expression == path


def test_what_is_no_plain_path_is_refused() -> None:
    with pytest.raises(InvalidExpression, match="not a plain path"):
        paths.fill("${input.name + 'x'}", BINDINGS)


def test_paths_are_written_as_people_write_them() -> None:
    assert paths.written(("a", "b", 0, "odd name", "in")) == 'a.b[0]["odd name"]["in"]'


def test_long_values_are_cut() -> None:
    assert paths.shortened("x" * 10) == "x" * 10
    assert paths.shortened("x" * 1000) == "x" * 200 + "… (1,000 characters)"
