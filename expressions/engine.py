"""The border to the engine, `common-expression-language`: what it raises becomes our errors, what it gives JSON."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from contracts.errors import InvalidExpression
from expressions import cel_library

if TYPE_CHECKING:
    import cel

_PLACE = re.compile(r"<input>:(\d+):(\d+): ?(.*)")
_LARGEST = 2**63 - 1


class Refusal(Exception):
    """The engine could not evaluate; the message says why, for people."""


@lru_cache(maxsize=2048)
def compiled(text: str) -> cel.Program:
    """Return the compiled expression.

    Raises:
        InvalidExpression: the engine does not take it.
    """
    try:
        return cel_library.compile(text)
    except ValueError as error:
        raise _invalid(text, str(error)) from error


def executed(text: str, bindings: dict[str, Any]) -> Any:
    """Return what an expression gives, as JSON with sorted names.

    Raises:
        InvalidExpression: the engine does not take it.
        Refusal: it could not be evaluated.
    """
    program = compiled(text)
    try:
        value = program.execute(bindings)
    except Exception as error:
        raise Refusal(_reason(error)) from error
    return as_json(value)


def pattern_fault(pattern: str) -> str | None:
    """Return why a pattern of `matches()` cannot be built; None where it can."""
    try:
        compiled("''.matches(pattern)").execute({"pattern": pattern})
    except RuntimeError as error:
        found = re.search(r"error: (.*?)(?:\. Check|$)", str(error))
        return f"this is no pattern: {found[1] if found else error}"
    return None


def as_json(value: Any) -> Any:
    """Return a value of the engine as JSON: maps sorted (its own order is random), times and durations as text.

    Raises:
        Refusal: it has no form in JSON.
    """
    if isinstance(value, dict):
        return {name: as_json(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise Refusal(f"the result is {value}, which is not JSON; was something divided by 0.0?")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.6f}".rstrip("0").rstrip(".") + "s"
    return value


def _invalid(text: str, message: str) -> InvalidExpression:
    found = _PLACE.search(message)
    if found is None:
        return InvalidExpression(message[:300], expression=text)
    return InvalidExpression(found[3][:300], expression=text, line=int(found[1]), column=int(found[2]))


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no field {str(error).strip(chr(34))}; has(…) tells whether it is there"
    text = str(error)
    if "Conversion Error" in text:
        return "it refers to a text with half a character (a lone surrogate), which is no text"
    if isinstance(error, RuntimeError) and (found := re.search(r"Undefined variable or function: '(\w+)'", text)):
        return f"{found[1]}() does not take a value of the type that it was given"
    if isinstance(error, TypeError) and text.startswith(("No such overload", "Cannot mix")):
        return "an operator does not take values of the types that it was given (nothing is converted by itself)"
    return text.splitlines()[0].split(". Check")[0].split(". CEL does not")[0][:300] if text else type(error).__name__
