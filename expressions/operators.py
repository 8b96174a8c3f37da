"""Which types the signs take and give. The engine never turns one type into another, so neither does this."""

from __future__ import annotations

from collections.abc import Callable

from expressions import kinds
from expressions.kinds import ANY, BOOL, DOUBLE, DURATION, TIMESTAMP, Kind
from expressions.parsing import Fault
from expressions.syntax import Spot

_ORDERED = frozenset({"bool", "string", "timestamp", "duration"})
_TIMES: dict[tuple[str, str, str], Kind] = {
    ("+", "timestamp", "duration"): TIMESTAMP,
    ("+", "duration", "timestamp"): TIMESTAMP,
    ("+", "duration", "duration"): DURATION,
    ("-", "timestamp", "timestamp"): DURATION,
    ("-", "timestamp", "duration"): TIMESTAMP,
    ("-", "duration", "duration"): DURATION,
}


def result(sign: str, left: Kind, right: Kind, *, spot: Spot) -> Kind:
    """Return the type that an operator gives.

    Raises:
        Fault: it does not take these types.
    """
    return _RESULTS[sign](sign, left, right, spot)


def _logical(sign: str, left: Kind, right: Kind, spot: Spot) -> Kind:
    for kind in (left, right):
        if kind.name not in {"bool", "any"}:
            raise Fault(f"{sign} needs true or false on both sides, and one side is {spoken(kind)}", spot)
    return BOOL


def _equality(_: str, left: Kind, right: Kind, spot: Spot) -> Kind:
    if not _comparable(left, right):
        raise Fault(f"{spoken(left)} is never equal to {spoken(right)}", spot)
    return BOOL


def _order(sign: str, left: Kind, right: Kind, spot: Spot) -> Kind:
    both = {left.name, right.name} - {"any"}
    if (left.is_number or left.is_any) and (right.is_number or right.is_any):
        return BOOL
    if len(both) > 1 or not both <= _ORDERED:
        raise Fault(f"{sign} cannot compare {spoken(left)} with {spoken(right)}", spot)
    return BOOL


def _within(_: str, left: Kind, right: Kind, spot: Spot) -> Kind:
    if right.name not in {"list", "map", "any"}:
        raise Fault(f"'in' needs a list or a map on its right, and there is {spoken(right)}", spot)
    if right.name == "list" and not _comparable(left, right.items or ANY):
        raise Fault(f"{spoken(left)} is never in a list of {(right.items or ANY).name} values", spot)
    if right.name == "map" and left.name not in {"string", "any"}:
        raise Fault(f"the names in a map are texts, and {spoken(left)} is never one", spot)
    return BOOL


def _sum(sign: str, left: Kind, right: Kind, spot: Spot) -> Kind:
    if (sign, left.name, right.name) in _TIMES:
        return _TIMES[sign, left.name, right.name]
    if sign == "+" and left.name == right.name == "string":
        return kinds.STRING
    if sign == "+" and left.name == right.name == "list":
        return kinds.merged(left, right)
    if sign == "+" and "string" in {left.name, right.name} and not {"any"} & {left.name, right.name}:
        raise Fault(f"+ cannot join {spoken(left)} with {spoken(right)}: write string(…) around what is no text", spot)
    return _arithmetic(sign, left, right, spot)


def _arithmetic(sign: str, left: Kind, right: Kind, spot: Spot) -> Kind:
    if left.is_any or right.is_any:
        return _half_known(sign, left, right, spot)
    if left.name == right.name and left.name in {"int", "double"} and (sign, left) != ("%", DOUBLE):
        return left
    if left.is_number and right.is_number:
        raise Fault(_mixed(sign, left, right), spot)
    raise Fault(f"{sign} cannot take {spoken(left)} and {spoken(right)}", spot)


def _half_known(sign: str, left: Kind, right: Kind, spot: Spot) -> Kind:
    known = right if left.is_any else left
    if known.is_any or known.name in {"int", "double"}:
        return known
    if known.name == "number":
        raise Fault(_mixed(sign, left, right), spot)
    if sign == "+" and known.name in {"string", "list"}:
        return known if known.name == "string" else Kind(name="list")
    if sign in "+-" and known.name in {"timestamp", "duration"}:
        return ANY
    raise Fault(f"{sign} cannot take {spoken(known)}", spot)


def _mixed(sign: str, left: Kind, right: Kind) -> str:
    if sign == "%":
        return f"% takes whole numbers only, and here are {left.name} and {right.name}: write int(…) around them"
    return (
        f"{sign} takes two whole numbers or two with a fraction, and here are {left.name} and {right.name}: write"
        " double(…) around each, and 2.0 for 2"
    )


def _comparable(left: Kind, right: Kind) -> bool:
    # Null may be compared with anything: that is how it is found.
    if {"any", "null"} & {left.name, right.name}:
        return True
    return left.name == right.name or (left.is_number and right.is_number)


def spoken(kind: Kind) -> str:
    """Return how messages call a type."""
    return {
        "any": "any value",
        "bool": "true or false",
        "int": "a whole number",
        "double": "a number with a fraction",
        "number": "a number",
        "string": "text",
        "null": "null",
        "list": "a list",
        "map": "a map",
        "timestamp": "a time",
        "duration": "a duration",
    }[kind.name]


def negated(signs: str, kind: Kind, *, spot: Spot) -> Kind:
    """Return the type that signs before a value give.

    Raises:
        Fault: they do not take that type.
    """
    if signs[0] == "!":
        return _logical("!", kind, BOOL, spot)
    if kind.is_number or kind.is_any:
        return kind
    raise Fault(f"- needs a number, and there is {spoken(kind)}", spot)


_RESULTS: dict[str, Callable[[str, Kind, Kind, Spot], Kind]] = {
    "||": _logical,
    "&&": _logical,
    "==": _equality,
    "!=": _equality,
    "<": _order,
    "<=": _order,
    ">": _order,
    ">=": _order,
    "in": _within,
    "+": _sum,
    "-": _sum,
    "*": _arithmetic,
    "/": _arithmetic,
    "%": _arithmetic,
}
