"""Whatever is written as an expression: it is refused with a place, fails as such, or gives the right value."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import ExpressionFailed, InvalidExpression
from expressions import paths, templates
from expressions.checker import check
from expressions.evaluator import evaluate

DOCUMENT: dict[str, Any] = {"n": 3, "f": 1.5, "s": "aé", "b": True, "z": None, "l": [1, 2.5, "x"], "m": {"k": [1]}}
NAMES = ["d.n", "d.f", "d.s", "d.b", "d.z", "d.l", "d.m", "d.m.k", "d.nothing", "d", "i", "other"]
LISTS = st.sampled_from(["d.l", "d.m.k", "[1, 2]"])
LEAVES = st.sampled_from(
    [*NAMES, "1", "0", "-1", "9223372036854775807", "1.5", "0.0", "''", "'x'", r"r'\d'", "true", "false", "null", "[]"]
)
OPERATORS = st.sampled_from(["||", "&&", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"])
MACROS = st.sampled_from(["all", "exists", "exists_one", "map", "filter"])
METHODS = st.sampled_from(["contains", "startsWith", "endsWith", "matches", "size", "getHours"])
FUNCTIONS = st.sampled_from(["int", "double", "string", "timestamp", "duration", "size", "nothing"])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("{}.k".format, inner),
        st.builds("!{}".format, inner),
        st.builds("-({})".format, inner),
        st.builds("has({}.n)".format, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{'k': {}}}".format, inner),
        st.builds("{}.{}(i, {})".format, inner, MACROS, inner),
        st.builds(
            "{}.{}(e, {})".format, st.sampled_from(["d.l", "d.m.k", "[1, 2]"]), MACROS, st.just("e == 1 || true")
        ),
        st.builds("{}.{}({})".format, inner, METHODS, inner),
        st.builds("{}({})".format, FUNCTIONS, inner),
    )


EXPRESSIONS = st.recursive(LEAVES, _larger, max_leaves=8)


@settings(max_examples=200, deadline=None)
@given(EXPRESSIONS)
def test_what_is_accepted_gives_json_or_fails_as_an_expression(text: str) -> None:
    with suppress(InvalidExpression, ExpressionFailed):
        checked = check(text, {"d": None}, expects="any")
        value = evaluate(text, {"d": DOCUMENT})
        assert paths.as_text(evaluate(text, {"d": DOCUMENT})) == paths.as_text(value)
        assert checked.type in {"any", *_kinds(value)}


def _kinds(value: Any) -> set[str]:
    names: dict[type, set[str]] = {
        bool: {"bool"},
        int: {"int", "number"},
        float: {"double", "number"},
        str: {"string", "timestamp", "duration"},
        type(None): {"null"},
        list: {"list"},
        dict: {"map"},
    }
    return names[type(value)]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.text("d.n+-*/%<>=!&|?:()[]{}'\"\\ r1a0_,\n", max_size=40))
def test_junk_is_refused_inside_of_the_text(text: str) -> None:
    fault = _fault(text)
    assert fault is None or _is_inside(fault, text)


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS)
def test_faults_are_inside_of_the_text(text: str) -> None:
    fault = _fault(text)
    assert fault is None or _is_inside(fault, text)


def _fault(text: str) -> InvalidExpression | None:
    try:
        check(text, {"d": None}, expects="any")
    except InvalidExpression as error:
        return error
    return None


def _is_inside(error: InvalidExpression, text: str) -> bool:
    lines = text.split("\n")
    return 1 <= error.line <= len(lines) and 1 <= error.column <= len(lines[error.line - 1]) + 1


@settings(max_examples=100, deadline=None)
@given(st.text("${}'\"\\ a.b+r", max_size=30))
def test_templates_of_junk_are_filled_or_refused(text: str) -> None:
    try:
        expressions = paths.expressions_in(text)
        filled = templates.fill(text, {"a": {"b": "$"}, "b": "{", "r": 1})
    except (InvalidExpression, ExpressionFailed):
        return
    if not expressions:
        assert filled == text.replace("$${", "${")


@dataclass(frozen=True)
class Sample:
    """An expression, and what it must give; None where it must fail."""

    text: str
    value: bool | int | None


def _arithmetic(left: Sample, sign: str, right: Sample) -> Sample:
    text = f"({left.text} {sign} {right.text})"
    if left.value is None or right.value is None or (sign in "/%" and right.value == 0):
        return Sample(text, None)
    a, b = left.value, right.value
    # CEL cuts quotients towards zero and gives the remainder the sign of the dividend; Python rounds down.
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1) if b else 0
    value = {"+": a + b, "-": a - b, "*": a * b, "/": quotient, "%": a - quotient * b}[sign]
    return Sample(text, value if -(2**63) <= value < 2**63 else None)


INTEGERS = st.recursive(
    st.integers(-(2**40), 2**40).map(lambda number: Sample(str(number), number)),
    lambda inner: st.builds(_arithmetic, inner, st.sampled_from("+-*/%"), inner),
    max_leaves=10,
)


def _comparison(left: Sample, sign: str, right: Sample) -> Sample:
    text = f"({left.text} {sign} {right.text})"
    if left.value is None or right.value is None:
        return Sample(text, None)
    a, b = left.value, right.value
    return Sample(text, {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign])


def _logic(left: Sample, sign: str, right: Sample) -> Sample:
    deciding = sign == "||"
    text = f"({left.text} {sign} {right.text})"
    if deciding in (left.value, right.value):
        return Sample(text, deciding)  # One side is enough, even where the other fails.
    return Sample(text, None if None in (left.value, right.value) else not deciding)


def _choice(condition: Sample, then: Sample, otherwise: Sample) -> Sample:
    text = f"({condition.text} ? {then.text} : {otherwise.text})"
    if condition.value is None:
        return Sample(text, None)
    return Sample(text, then.value if condition.value else otherwise.value)


def _negation(of: Sample) -> Sample:
    return Sample(f"!{of.text}", None if of.value is None else not of.value)


CONDITIONS = st.recursive(
    st.builds(_comparison, INTEGERS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), INTEGERS),
    lambda inner: st.one_of(
        st.builds(_logic, inner, st.sampled_from(["&&", "||"]), inner),
        st.builds(_negation, inner),
        st.builds(_choice, inner, inner, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(INTEGERS | CONDITIONS)
def test_the_engine_agrees_with_plain_python(sample: Sample) -> None:
    if len(sample.text) > 2048:
        return
    if sample.value is None:
        with pytest.raises((ExpressionFailed, InvalidExpression)):
            evaluate(sample.text, {})
    else:
        assert evaluate(sample.text, {}) == sample.value
