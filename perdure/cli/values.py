"""Values that somebody types: JSON as an argument, from a file (@path) or from standard input (-)."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from contracts.errors import BadRequest
from contracts.state import ANY, Expect, Filter
from perdure import checked

# No value that may be kept is anywhere near; more is not even read.
_MAX_BYTES = 64 * 1024 * 1024
_TESTS = {"=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "~": "contains"}
_CONDITION = re.compile(r"(?P<field>[^=!<>~\s]+)\s*(?P<test>!=|<=|>=|=|<|>|~)(?P<value>.*)", re.DOTALL)
_WORDED = re.compile(r"(?P<field>\S+)\s+(?P<test>exists|missing|in)(?:\s+(?P<value>.*))?", re.DOTALL)


def text(argument: str, *, what: str) -> str:
    """Return a text: the argument itself, what is in the file @path, or with - what standard input says.

    Raises:
        BadRequest: the file cannot be read, or is no text.
    """
    if argument == "-":
        return _decoded(sys.stdin.buffer.read(_MAX_BYTES + 1), where="standard input", what=what)
    if not argument.startswith("@"):
        return argument
    try:
        with Path(argument[1:]).expanduser().open("rb") as file:
            return _decoded(file.read(_MAX_BYTES + 1), where=f"the file {argument[1:]!r}", what=what)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise BadRequest(f"{what}: the file {argument[1:]!r} cannot be read: {why}") from error


def json_value(argument: str, *, what: str = "the value") -> Any:
    """Return a JSON value.

    Raises:
        BadRequest: it cannot be read, or is no JSON; the message names line and column.
    """
    source = text(argument, what=what)
    try:
        return json.loads(source)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        shown = source if len(source) <= 60 else f"{source[:60]}…"
        advice = "write text in double quotes inside of single ones, such as '\"open\"'"
        raise BadRequest(f"{what} {shown!r} is no JSON: {error.msg} at {where}; {advice}") from error
    except RecursionError as error:
        raise BadRequest(f"{what} is nested too deeply to be read: at most 100 levels are allowed") from error


def json_object(argument: str, *, what: str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        BadRequest: it is none.
    """
    value = json_value(argument, what=what)
    if not isinstance(value, dict):
        raise BadRequest(f"{what} must be a JSON object such as '{{\"name\": 1}}', it is {json.dumps(value)[:60]}")
    return value


def json_or_text(argument: str) -> Any:
    """Return the JSON value that a text is, or the text itself."""
    try:
        return json.loads(argument)
    except (ValueError, RecursionError):
        return argument


def expected(argument: str | None) -> Expect:
    """Return the version that must be current.

    Raises:
        BadRequest: it is neither a version nor "absent" nor "any".
    """
    if argument is None or argument == ANY:
        return ANY
    if argument == "absent":
        return "absent"
    if argument.isascii() and argument.isdigit() and int(argument) > 0:
        return int(argument)
    raise BadRequest(f"--expect {argument!r} must be a version (1, 2, …), 'absent' or 'any'")


def moment(argument: str | None) -> int | datetime | None:
    """Return a sequence or a time.

    Raises:
        BadRequest: it is neither.
    """
    if argument is None or argument.isdecimal():
        return None if argument is None else int(argument)
    try:
        found = datetime.fromisoformat(argument)
    except ValueError as error:
        advice = "write a sequence such as 4711, or a time such as 2026-01-31T12:00:00+01:00"
        raise BadRequest(f"--as-of {argument!r} cannot be read: {advice}") from error
    return found if found.tzinfo is not None else found.astimezone()


def conditions(arguments: Sequence[str]) -> tuple[Filter, ...]:
    """Return the conditions of a query, such as "status=open", "priority>=3", "owner missing", "status in [1, 2]".

    Raises:
        BadRequest: one of them cannot be read.
    """
    return tuple(_condition(argument) for argument in arguments)


def _condition(argument: str) -> Filter:
    if found := _WORDED.fullmatch(argument.strip()):
        value = json_value(found["value"], what="--where") if found["value"] else None
        return checked.made(Filter, {"field": found["field"], "test": found["test"], "value": value})
    if found := _CONDITION.fullmatch(argument.strip()):
        value = json_or_text(found["value"].strip())
        return checked.made(Filter, {"field": found["field"], "test": _TESTS[found["test"]], "value": value})
    raise BadRequest(
        f"--where {argument!r} cannot be read: write FIELD=VALUE, with one of = != < <= > >= ~, "
        "or 'FIELD exists', 'FIELD missing', 'FIELD in [1, 2]'"
    )


def _decoded(content: bytes, *, where: str, what: str) -> str:
    if len(content) > _MAX_BYTES:
        raise BadRequest(f"{what}: {where} holds more than {_MAX_BYTES // 1024 // 1024} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"{what}: {where} is no UTF-8: the byte at {error.start} is not") from error
