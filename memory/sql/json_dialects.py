"""How SQLite and PostgreSQL look into the JSON text of a column."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Numeric,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from memory.sql.database import Dialect
from memory.state.rows import json_text

NUMBER, TEXT, BOOLEAN, OTHER, MISSING = range(5)
Scalar = str | int | float | bool | None


class Field(NamedTuple):
    """A field of the documents that are read.

    Attributes:
        kind: NUMBER, TEXT, BOOLEAN, OTHER (null, list, object) or MISSING.
        null: whether it is there and is null.
        number: its value where it is a number; of true and false 1 and 0.
        text: its value where it is a text.
    """

    kind: ColumnElement[int]
    null: ColumnElement[bool]
    number: ColumnElement[Any]
    text: ColumnElement[Any]


class JsonDialect(Protocol):
    """What a database can say of a JSON text. Paths are names of objects; a list has no names."""

    def field(self, value: ColumnElement[str], path: Sequence[str]) -> Field:
        """Return a field."""
        ...

    def number(self, value: float | bool) -> Any:
        """Return a number as a parameter that is compared with `Field.number`."""
        ...

    def text_holds(self, text: ColumnElement[str], part: str) -> ColumnElement[bool]:
        """Whether a text holds a part, letter by letter."""
        ...

    def list_holds(self, value: ColumnElement[str], path: Sequence[str], item: Scalar) -> ColumnElement[bool]:
        """Whether the field is a list that holds this item."""
        ...


class SqliteJson:
    """SQLite's JSON functions."""

    def field(self, value: ColumnElement[str], path: Sequence[str]) -> Field:
        """See `JsonDialect.field`."""
        return self._field(func.json_type(value, _dollar(path)), func.json_extract(value, _dollar(path)))

    def number(self, value: float | bool) -> Any:
        """See `JsonDialect.number`."""
        # SQLite reads whole numbers of more than 64 bits as fractions. The sign makes 1 of true.
        return float(value) if abs(value) >= 2**63 else +value

    def text_holds(self, text: ColumnElement[str], part: str) -> ColumnElement[bool]:
        """See `JsonDialect.text_holds`."""
        return func.instr(text, part) > 0

    def list_holds(self, value: ColumnElement[str], path: Sequence[str], item: Scalar) -> ColumnElement[bool]:
        """See `JsonDialect.list_holds`."""
        items = func.json_each(value, _dollar(path)).table_valued("type", "value")
        found = equal(self, self._field(items.c.type, items.c.value), item)
        return and_(func.json_type(value, _dollar(path)) == "array", exists(select(1).select_from(items).where(found)))

    def _field(self, type_: ColumnElement[Any], found: ColumnElement[Any]) -> Field:
        number = type_.in_(["integer", "real"])
        kind = case(
            (type_.is_(None), MISSING),
            (number, NUMBER),
            (type_ == "text", TEXT),
            (type_.in_(["true", "false"]), BOOLEAN),
            else_=OTHER,
        )
        return Field(
            kind=kind,
            null=type_ == "null",
            number=case((or_(number, type_.in_(["true", "false"])), found)),
            text=case((type_ == "text", found)),
        )


class PostgresJson:
    """PostgreSQL's JSONB functions."""

    def field(self, value: ColumnElement[str], path: Sequence[str]) -> Field:
        """See `JsonDialect.field`."""
        found = _found(value, path)
        type_ = func.jsonb_typeof(found, type_=Text)
        text = found.op("#>>", return_type=Text())(literal_column("'{}'::text[]"))
        kind = case(
            (type_.is_(None), MISSING),
            (type_ == "number", NUMBER),
            (type_ == "string", TEXT),
            (type_ == "boolean", BOOLEAN),
            else_=OTHER,
        )
        return Field(
            kind=kind,
            null=type_ == "null",
            number=case(
                (type_ == "number", cast(text, Numeric)),
                (type_ == "boolean", cast(cast(cast(text, Boolean), Integer), Numeric)),
            ),
            text=case((type_ == "string", text)).collate("C"),
        )

    def number(self, value: float | bool) -> Any:
        """See `JsonDialect.number`."""
        return Decimal(int(value)) if isinstance(value, bool | int) else Decimal(repr(value))

    def text_holds(self, text: ColumnElement[str], part: str) -> ColumnElement[bool]:
        """See `JsonDialect.text_holds`."""
        return func.strpos(text, part) > 0

    def list_holds(self, value: ColumnElement[str], path: Sequence[str], item: Scalar) -> ColumnElement[bool]:
        """See `JsonDialect.list_holds`."""
        found = _found(value, path)
        return and_(func.jsonb_typeof(found) == "array", found.op("@>")(cast(literal(json_text(item)), JSONB)))


def json_dialect(dialect: Dialect) -> JsonDialect:
    """Return how a database speaks of JSON."""
    return SqliteJson() if dialect == "sqlite" else PostgresJson()


def kind_of(value: Any) -> int:
    """Return the kind of a JSON value."""
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int | float):
        return NUMBER
    return TEXT if isinstance(value, str) else OTHER


def side(dialect: JsonDialect, field: Field, value: str | float | bool) -> tuple[ColumnElement[Any], Any]:
    """Return which side of a field a text or number is compared with, and the parameter."""
    if isinstance(value, str):
        return field.text, literal(value, Text)
    return field.number, dialect.number(value)


def equal(dialect: JsonDialect, field: Field, value: Scalar) -> ColumnElement[bool]:
    """Whether a field has exactly this value; of another kind it never has."""
    if value is None:
        return field.null
    column, parameter = side(dialect, field, value)
    return and_(field.kind == kind_of(value), column == parameter)


def _dollar(path: Sequence[str]) -> str:
    return "$" + "".join(f'."{part}"' for part in path)


def _found(value: ColumnElement[str], path: Sequence[str]) -> ColumnElement[Any]:
    found: ColumnElement[Any] = cast(value, JSONB)
    for part in path:
        found = found.op("->", return_type=JSONB())(literal(part, Text))
    return found
