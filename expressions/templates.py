"""Templates with any expression in their `${…}`. `expressions.paths` fills those that hold plain paths only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expressions import checker, evaluator, paths
from expressions.kinds import JsonSchema


def fill(template: Any, bindings: Mapping[str, Any]) -> Any:
    """Put values into a template.

    A text that is exactly one `${…}` becomes the value with its type; in other texts values are put in as text
    (anything but text as JSON). Dicts and lists are walked, names in dicts stay as they are. What is put in is not
    searched for `${` again.

    Raises:
        ExpressionFailed: an expression cannot be evaluated with these values.
        InvalidExpression: an expression does not compile, or a `${` has no `}`.
    """
    if isinstance(template, str):
        return _filled(template, bindings)
    if isinstance(template, Mapping):
        return {name: fill(value, bindings) for name, value in template.items()}
    if isinstance(template, list | tuple):
        return [fill(value, bindings) for value in template]
    return template


def check(template: Any, names: Mapping[str, JsonSchema | None]) -> tuple[tuple[str, ...], ...]:
    """Check all expressions in a template; returns the paths that they refer to.

    Raises:
        InvalidExpression: the first one that is wrong.
    """
    found = [checker.check(text, names, expects="any") for text in expressions_in(template)]
    return tuple(dict.fromkeys(path for checked in found for path in checked.paths))


def expressions_in(template: Any) -> list[str]:
    """Return the expressions of all `${…}` in a template, in their order.

    Raises:
        InvalidExpression: a `${` has no `}`, or nothing is inside.
    """
    return paths.expressions_in(template)


def _filled(text: str, bindings: Mapping[str, Any]) -> Any:
    return paths.joined([_value(part.text, bindings) if part.is_expression else part for part in paths.parts(text)])


def _value(expression: str, bindings: Mapping[str, Any]) -> Any:
    # A plain path needs no engine, which would refuse large values, and gives the same where both can.
    if paths.plain_path(expression) is not None:
        return paths.look_up(expression, bindings)
    return evaluator.evaluate(expression, bindings)
