"""Filters of a query as conditions in SQL, with the same meaning on every database."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_

from contracts.errors import BadRequest
from contracts.state import Filter
from memory.sql.json_dialects import BOOLEAN, MISSING, OTHER, TEXT, JsonDialect, equal, kind_of, side

_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "ne": operator.ne,
}


def path_of(field: str) -> list[str]:
    """Return the names that lead to a field.

    Raises:
        BadRequest: a name is empty, or holds what not every database can look up.
    """
    parts = field.split(".")
    if any(not part or '"' in part or "\\" in part or not part.isprintable() for part in parts):
        raise BadRequest(f"the field {field!r} must be names with dots between them, without quotes or backslashes")
    return parts


def condition(value: ColumnElement[str], test: Filter, dialect: JsonDialect) -> ColumnElement[bool]:
    """Return the condition that a filter is.

    Args:
        value: column with the JSON texts.
        test: the filter.
        dialect: of the database.

    Raises:
        BadRequest: its value cannot be compared in that way.
    """
    field = dialect.field(value, path_of(test.field))
    if test.test in {"missing", "exists"}:
        return (field.kind == MISSING) if test.test == "missing" else (field.kind != MISSING)
    if test.test == "in":
        return or_(false(), *(equal(dialect, field, _scalar(test, item)) for item in _list(test)))
    if test.test == "contains":
        return _contains(value, test, dialect)
    if test.test == "eq":
        return equal(dialect, field, _scalar(test, test.value))
    if test.value is None and test.test == "ne":
        return false()  # everything that is not null has another type
    column, parameter = side(dialect, field, _ordered(test))
    return and_(field.kind == kind_of(test.value), _ORDERS[test.test](column, parameter))


def _contains(value: ColumnElement[str], test: Filter, dialect: JsonDialect) -> ColumnElement[bool]:
    path = path_of(test.field)
    in_list = dialect.list_holds(value, path, _scalar(test, test.value))
    if not isinstance(test.value, str):
        return in_list
    field = dialect.field(value, path)
    return or_(in_list, and_(field.kind == TEXT, dialect.text_holds(field.text, test.value)))


def _scalar(test: Filter, value: Any) -> Any:
    if value is not None and kind_of(value) == OTHER:
        raise _wrong(test, "compare with a text, a number, true, false or null")
    return value


def _ordered(test: Filter) -> str | float:
    kind = kind_of(test.value)
    if kind == OTHER or (kind == BOOLEAN and test.test != "ne"):
        raise _wrong(test, "only texts and numbers have an order")
    value: str | float = test.value
    return value


def _list(test: Filter) -> Sequence[Any]:
    if not isinstance(test.value, list | tuple):
        raise _wrong(test, "give a list of values")
    return test.value


def _wrong(test: Filter, advice: str) -> BadRequest:
    return BadRequest(f"the filter {test.field!r} {test.test} {test.value!r} cannot be used: {advice}")
