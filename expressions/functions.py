"""The functions that expressions may call: which types they take, and which they give."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from expressions import engine, patterns
from expressions.kinds import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Kind
from expressions.operators import spoken
from expressions.parsing import Fault
from expressions.syntax import COMPREHENSIONS, Call, Literal


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function. `takes` holds the types that each argument may have, that before the dot first."""

    takes: tuple[frozenset[str], ...]
    gives: Kind
    is_method: bool
    is_function: bool = False


def _method(*takes: str, gives: Kind) -> Function:
    return Function(takes=tuple(frozenset(kinds.split()) for kinds in takes), gives=gives, is_method=True)


def _function(*takes: str, gives: Kind) -> Function:
    return Function(
        takes=tuple(frozenset(kinds.split()) for kinds in takes), gives=gives, is_method=False, is_function=True
    )


_OF_TIME = ("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear")
_OF_BOTH = ("getHours", "getMinutes", "getSeconds", "getMilliseconds")
FUNCTIONS: dict[str, Function] = {
    "size": Function(takes=(frozenset({"string", "list", "map"}),), gives=INT, is_method=True, is_function=True),
    "contains": _method("string", "string", gives=BOOL),
    "startsWith": _method("string", "string", gives=BOOL),
    "endsWith": _method("string", "string", gives=BOOL),
    "matches": _method("string", "string", gives=BOOL),
    "int": _function("int double number string", gives=INT),
    "double": _function("int double number string", gives=DOUBLE),
    "string": _function("int double number string timestamp duration", gives=STRING),
    "timestamp": _function("string", gives=TIMESTAMP),
    "duration": _function("string", gives=DURATION),
    **{name: _method("timestamp", gives=INT) for name in _OF_TIME},
    **{name: _method("timestamp duration", gives=INT) for name in _OF_BOTH},
}


def result(call: Call, arguments: list[Kind]) -> Kind:
    """Return the type that a call gives.

    Raises:
        Fault: there is no such function, or it does not take these arguments.
    """
    function = FUNCTIONS.get(call.function)
    if function is None:
        raise Fault(_unknown(call.function), call.spot)
    if not (function.is_method if call.is_method else function.is_function):
        raise Fault(f"{call.function} is written {_form(call.function, function)}", call.spot)
    if len(arguments) != len(function.takes):
        raise Fault(f"{call.function} is written {_form(call.function, function)}", call.spot)
    for argument, takes in zip(arguments, function.takes, strict=True):
        if not argument.is_any and argument.name not in takes:
            raise Fault(f"{call.function}() does not take {spoken(argument)}", call.spot)
    if call.function == "matches":
        _check_pattern(call)
    return function.gives


def _unknown(name: str) -> str:
    known = {*FUNCTIONS, *COMPREHENSIONS, "has"}
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    advice = f"did you mean {nearest[0]}()?" if nearest else f"there are {', '.join(sorted(known))}"
    return f"there is no function {name}(): {advice}"


def _form(name: str, function: Function) -> str:
    if name == "size":
        return "size(value) or value.size()"
    inner = ", ".join(["…"] * (len(function.takes) - function.is_method))
    return f"value.{name}({inner})" if function.is_method else f"{name}({inner})"


def _check_pattern(call: Call) -> None:
    pattern = call.arguments[1]
    if not isinstance(pattern, Literal):
        raise Fault("the pattern of matches() must be a text that stands here, not a value", call.spot)
    if fault := patterns.fault(pattern.value) or engine.pattern_fault(pattern.value):
        raise Fault(fault, pattern.spot)
