"""Which types the signs take and give. The engine never turns one type into another, so neither does this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from expressions import kinds
from expressions.kinds import ANY, BOOL, DURATION, TIMESTAMP, Kind
from expressions.parsing import Fault
from expressions.syntax import Spot

_ORDERED = frozenset({"bool", "string", "timestamp", "duration"})
_NUMBERS = frozenset({"any", "int", "double"})
_HALF_KNOWN = {
    "+": _NUMBERS | {"string", "list", "timestamp", "duration"},
    "-": _NUMBERS | {"timestamp", "duration"},
    "*": _NUMBERS,
    "/": _NUMBERS,
    "%": _NUMBERS,
}
_TIMES: dict[tuple[str, str, str], Kind] = {
    ("+", "timestamp", "duration"): TIMESTAMP,
    ("+", "duration", "timestamp"): TIMESTAMP,
    ("+", "duration", "duration"): DURATION,
    ("-", "timestamp", "timestamp"): DURATION,
    ("-", "timestamp", "duration"): TIMESTAMP,
    ("-", "duration", "duration"): DURATION,
}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A sign between values of two types."""

    sign: str
    left: Kind
    right: Kind
    spot: Spot

    @property
    def sides(self) -> set[str]:
        """The names of both types."""
        return {self.left.name, self.right.name}

    def refused(self, message: str) -> Fault:
        """Return the fault that it does not take these types."""
        return Fault(message, self.spot)


def result(sign: str, left: Kind, right: Kind, *, spot: Spot) -> Kind:
    """Return the type that an operator gives.

    Raises:
        Fault: it does not take these types.
    """
    return _RESULTS[sign](Operation(sign=sign, left=left, right=right, spot=spot))


def _logical(given: Operation) -> Kind:
    for kind in (given.left, given.right):
        if kind.name not in {"bool", "any"}:
            raise given.refused(f"{given.sign} needs true or false on both sides, and one side is {spoken(kind)}")
    return BOOL


def _equality(given: Operation) -> Kind:
    if not _comparable(given.left, given.right):
        raise given.refused(f"{spoken(given.left)} is never equal to {spoken(given.right)}")
    return BOOL


def _order(given: Operation) -> Kind:
    known = given.sides - {"any"}
    are_numbers = all(kind.is_number or kind.is_any for kind in (given.left, given.right))
    if not are_numbers and (len(known) > 1 or not known <= _ORDERED):
        raise given.refused(f"{given.sign} cannot compare {spoken(given.left)} with {spoken(given.right)}")
    return BOOL


def _within(given: Operation) -> Kind:
    left, right = given.left, given.right
    if right.name not in {"list", "map", "any"}:
        raise given.refused(f"'in' needs a list or a map on its right, and there is {spoken(right)}")
    if right.name == "list" and not _comparable(left, right.items or ANY):
        raise given.refused(f"{spoken(left)} is never in a list of {(right.items or ANY).name} values")
    if right.name == "map" and left.name not in {"string", "any"}:
        raise given.refused(f"the names in a map are texts, and {spoken(left)} is never one")
    return BOOL


def _sum(given: Operation) -> Kind:
    sign, left, right = given.sign, given.left, given.right
    if (sign, left.name, right.name) in _TIMES:
        return _TIMES[sign, left.name, right.name]
    if sign == "+" and left.name == right.name == "string":
        return kinds.STRING
    if sign == "+" and left.name == right.name == "list":
        return kinds.merged(left, right)
    if sign == "+" and "string" in given.sides and "any" not in given.sides:
        advice = "write string(…) around what is no text"
        raise given.refused(f"+ cannot join {spoken(left)} with {spoken(right)}: {advice}")
    return _arithmetic(given)


def _arithmetic(given: Operation) -> Kind:
    sign, left, right = given.sign, given.left, given.right
    if left.is_any or right.is_any:
        return _half_known(given)
    if left.name == right.name and left.name in {"int", "double"} and (sign, left.name) != ("%", "double"):
        return left
    if left.is_number and right.is_number:
        raise given.refused(_mixed(given))
    raise given.refused(f"{sign} cannot take {spoken(left)} and {spoken(right)}")


def _half_known(given: Operation) -> Kind:
    """Return what one side alone says: the other may turn out to be the same."""
    sign, known = given.sign, given.right if given.left.is_any else given.left
    if known.name == "number" or (known.name == "double" and sign == "%"):
        raise given.refused(_mixed(given))
    if known.name not in _HALF_KNOWN[sign]:
        raise given.refused(f"{sign} cannot take {spoken(known)}")
    # A time and a duration give a time, two times a duration.
    return ANY if known.name in {"timestamp", "duration"} else Kind(name=known.name)


def _mixed(given: Operation) -> str:
    here = f"{given.left.name} and {given.right.name}"
    if given.sign == "%":
        return f"% takes whole numbers only, and here are {here}: write int(…) around them"
    return (
        f"{given.sign} takes two whole numbers or two with a fraction, and here are {here}: write double(…) around"
        " each, and 2.0 for 2"
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
        return _logical(Operation(sign="!", left=kind, right=BOOL, spot=spot))
    if kind.is_number or kind.is_any:
        return kind
    raise Fault(f"- needs a number, and there is {spoken(kind)}", spot)


_RESULTS: dict[str, Callable[[Operation], Kind]] = {
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
