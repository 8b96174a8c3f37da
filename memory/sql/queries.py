"""A query of current documents: which rows a branch shows, filters, order, and pages by key."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, CompoundSelect, Select, Subquery, and_, exists, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import BadRequest
from contracts.state import Document, Page, Query
from memory.sql.database import Dialect
from memory.sql.filters import condition, path_of
from memory.sql.json_dialects import MISSING, NUMBER, OTHER, TEXT, JsonDialect, json_dialect, kind_of, side
from memory.sql.reading import read_lineage
from memory.sql.tables import VERSIONS
from memory.state.rows import Version, document
from memory.state.world import LATEST, levels

_COLUMNS = [VERSIONS.c[name] for name in Version._fields]
_FIRST_SURROGATE, _AFTER_SURROGATES, _LAST = 0xD800, 0xE000, 0x10FFFF


class _Place(NamedTuple):
    """Where a page ended: kind and value of what it is ordered by, and the key."""

    kind: int
    value: Any
    key: str


async def read_page(connection: AsyncConnection, query: Query, dialect: Dialect) -> Page:
    """Return a page of documents.

    Raises:
        BadRequest: a filter or `after` cannot be used.
        NotFound: there is no such branch.
    """
    lineage = await read_lineage(connection, query.tenant, query.branch)
    statement = _statement(query, levels(query.branch, lineage), json_dialect(dialect))
    rows = [Version._make(row) for row in await connection.execute(statement)]
    documents = tuple(document(row, branch=query.branch) for row in rows[: query.limit])
    more = len(rows) > query.limit
    return Page(documents=documents, after=_after(query, documents[-1]) if more else None)


def _statement(query: Query, seen: Sequence[tuple[str, int]], dialect: JsonDialect) -> Select[Any]:
    shown = _visible(query, seen).subquery("shown")
    statement = select(*(shown.c[name] for name in Version._fields)).where(shown.c.gone.is_(False))
    statement = statement.where(*(condition(shown.c.value, test, dialect) for test in query.where))
    columns = _order(query, shown, dialect)
    if query.after is not None:
        statement = statement.where(_beyond(query, shown, dialect))
    return statement.order_by(*columns).limit(query.limit + 1)


def _visible(query: Query, seen: Sequence[tuple[str, int]]) -> Select[Any] | CompoundSelect[Any]:
    """Return the rows that a branch shows: its own current ones, and of each forefather those that none covers."""
    parts = [_level(query, branch, limit, nearer=seen[:number]) for number, (branch, limit) in enumerate(seen)]
    return parts[0] if len(parts) == 1 else union_all(*parts)


def _level(query: Query, branch: str, limit: int, *, nearer: Sequence[tuple[str, int]]) -> Select[Any]:
    row = VERSIONS.c
    statement = select(*_COLUMNS).where(
        row.tenant == query.tenant, row.branch == branch, row.namespace == query.namespace
    )
    if limit == LATEST:
        statement = statement.where(row.until_seq.is_(None))
    else:
        statement = statement.where(row.seq <= limit, or_(row.until_seq.is_(None), row.until_seq > limit))
    if query.prefix:
        statement = statement.where(row.key >= query.prefix)
        if (end := end_of(query.prefix)) is not None:
            statement = statement.where(row.key < end)
    return statement.where(*(~_covered(name, until) for name, until in nearer))


def _covered(branch: str, limit: int) -> ColumnElement[bool]:
    """Whether a nearer branch has a row of the same document."""
    near = VERSIONS.alias()
    same = [near.c[name] == VERSIONS.c[name] for name in ("tenant", "namespace", "key")]
    return exists(select(literal(1)).select_from(near).where(*same, near.c.branch == branch, near.c.seq <= limit))


def end_of(prefix: str) -> str | None:
    """Return the first text that comes after all that begin with a prefix; None where there is none."""
    point = ord(prefix[-1])
    if point == _LAST:
        return end_of(prefix[:-1]) if len(prefix) > 1 else None
    follower = _AFTER_SURROGATES if point + 1 == _FIRST_SURROGATE else point + 1
    return prefix[:-1] + chr(follower)


def _order(query: Query, shown: Subquery, dialect: JsonDialect) -> list[ColumnElement[Any]]:
    columns: list[ColumnElement[Any]] = [shown.c.key]
    first: list[ColumnElement[Any]] = []
    if query.order == "$sequence":
        columns = [shown.c.seq]
    elif query.order != "key":
        field = dialect.field(shown.c.value, path_of(query.order))
        first = [field.kind]
        columns = [field.number, field.text, shown.c.key]
    return first + [column.desc() if query.descending else column.asc() for column in columns]


def _beyond(query: Query, shown: Subquery, dialect: JsonDialect) -> ColumnElement[bool]:
    place = _place(query)
    after_key = _after_that(query, shown.c.key, literal(place.key))
    if query.order == "key":
        return after_key
    if query.order == "$sequence":
        return _after_that(query, shown.c.seq, place.value)
    field = dialect.field(shown.c.value, path_of(query.order))
    if place.kind in {OTHER, MISSING}:
        return or_(field.kind > place.kind, and_(field.kind == place.kind, after_key))
    column, parameter = side(dialect, field, place.value)
    within = or_(_after_that(query, column, parameter), and_(column == parameter, after_key))
    return or_(field.kind > place.kind, and_(field.kind == place.kind, within))


def _after_that(query: Query, column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    beyond: ColumnElement[bool] = column < value if query.descending else column > value
    return beyond


def _after(query: Query, last: Document) -> str:
    place = _Place(OTHER, None, last.place.key)
    if query.order == "$sequence":
        place = place._replace(value=last.sequence)
    elif query.order != "key":
        kind, value = _sorted_by(last.value, path_of(query.order))
        place = place._replace(kind=kind, value=value)
    text = json.dumps([query.order, query.descending, *place], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _sorted_by(value: Any, path: Sequence[str]) -> tuple[int, Any]:
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return MISSING, None
        value = value[part]
    kind = kind_of(value)
    return kind, None if kind == OTHER else value


def _place(query: Query) -> _Place:
    after = query.after or ""
    try:
        order, descending, *place = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        found = _Place(*place)
    except (ValueError, TypeError) as error:
        raise BadRequest(f"`after` {after[:40]!r} is none: hand in what the page before gave") from error
    if (order, descending) != (query.order, query.descending) or not _is_whole(query, found):
        raise BadRequest(f"`after` {after[:40]!r} is of a page in another order: begin again without it")
    return found


def _is_whole(query: Query, place: _Place) -> bool:
    if query.order == "$sequence":
        return kind_of(place.value) == NUMBER
    return kind_of(place.key) == TEXT and (place.kind in {OTHER, MISSING} or kind_of(place.value) == place.kind)
