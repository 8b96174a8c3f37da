"""Evaluates expressions: only what they refer to is handed to the engine, and only what is bounded is begun."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from contracts.errors import ExpressionFailed
from expressions import binding, checker, cost, engine, parsing, paths, syntax
from expressions.binding import Bound
from expressions.references import Reference, references

# Below this nothing needs to be estimated: parts, squared for what is joined again and again, times weights.
_LITTLE = 200_000


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What is known of an expression before values are there."""

    tree: syntax.Node
    paths: tuple[tuple[str, ...], ...]
    needed: Reference
    parts: int
    may_be_costly: bool


@lru_cache(maxsize=2048)
def prepared(text: str) -> Prepared:
    """Return an expression that was checked without schemas.

    Raises:
        InvalidExpression: it cannot be evaluated with any values.
    """
    tree = parsing.parse(text)
    checked = checker.check(text, dict.fromkeys(checker.roots_in(tree)), expects="any")
    parts = list(tree.walk())
    return Prepared(
        tree=tree,
        paths=checked.paths,
        needed=references(tree),
        parts=len(parts),
        may_be_costly=any(_may_be_costly(part) for part in parts),
    )


def evaluate(text: str, bindings: Mapping[str, Any]) -> Any:
    """Return the value of an expression, as JSON with sorted names; times and durations become text.

    Args:
        text: the expression.
        bindings: values by name; all names that the expression refers to must be there ({} for an absent document).

    Raises:
        InvalidExpression: it does not compile.
        ExpressionFailed: it cannot be evaluated with these values, or would take too long.
    """
    expression = prepared(text)
    try:
        bound = binding.bound(expression.needed, bindings)
        _refuse_costly(expression, bound)
        return engine.executed(text, bound.values)
    except engine.Refusal as refusal:
        raise ExpressionFailed(str(refusal), expression=text, values=values(text, bindings)) from refusal


def condition(text: str, bindings: Mapping[str, Any]) -> bool:
    """Return whether a condition holds.

    Raises:
        InvalidExpression: it does not compile.
        ExpressionFailed: it cannot be evaluated with these values, or gives neither true nor false.
    """
    value = evaluate(text, bindings)
    if not isinstance(value, bool):
        message = f"a condition must be true or false, and it is {paths.shortened(value)!r}"
        raise ExpressionFailed(message, expression=text, values=values(text, bindings))
    return value


def values(text: str, bindings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an expression refers to, by path, as far as it is there; long values are cut.

    Where a path goes through what has no fields, such as null, that is what is returned.
    """
    found = {}
    for path in prepared(text).paths:
        value: Any = bindings
        for place, name in enumerate(path):
            if not isinstance(value, Mapping):
                found[paths.written(path[:place])] = paths.shortened(value)
                break
            if name not in value:
                break
            value = value[name]
        else:
            found[paths.written(path)] = paths.shortened(value)
    return found


def _may_be_costly(part: syntax.Node) -> bool:
    return isinstance(part, syntax.Comprehension) or (isinstance(part, syntax.Call) and part.function == "matches")


def _refuse_costly(expression: Prepared, bound: Bound) -> None:
    if not expression.may_be_costly and expression.parts**2 * bound.weight < _LITTLE:
        return
    work = cost.HANDING_OVER * bound.weight
    if work <= cost.MOST_WORK:
        work = cost.work(expression.tree, bound)
    if work > cost.MOST_WORK:
        found, most = (units * cost.UNIT_SECONDS * 1000 for units in (work, cost.MOST_WORK))
        raise engine.Refusal(
            f"with these values it could take {found:,.0f} ms, at most {most:,.0f} are allowed: go through fewer items,"
            " or through fields of them"
        )
