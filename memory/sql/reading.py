"""Reads of single documents: the same statements on every database."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import BadRequest, NotFound
from contracts.state import MAIN, Document, Place, Snapshot
from memory.sql.statements import statements
from memory.state.rows import BranchRow, Version, document, microseconds
from memory.state.world import LATEST, check_lineage, check_there, levels

SQL = statements("reading.sql")
# Higher than every version, and still a number of 32 bits.
_NO_VERSION = 2**31 - 1
_PARAMETER = re.compile(r"(?<!:):(\w+)")


async def fetch(
    connection: AsyncConnection, statement: str, parameters: Mapping[str, Any] | None = None
) -> Sequence[Sequence[Any]]:
    """Run a hot statement and return its rows.

    SQLAlchemy's way to SQLite goes to the thread and back four times for a statement; the driver's own goes once.
    """
    if connection.dialect.name != "sqlite":
        return (await connection.execute(text(statement), parameters)).all()
    driver = (await connection.get_raw_connection()).driver_connection
    rows: Sequence[Sequence[Any]] = await driver.execute_fetchall(statement, parameters or {})  # type: ignore[union-attr]
    return rows


async def fetch_alone(
    connection: AsyncConnection, statement: str, parameters: Mapping[str, Any]
) -> Sequence[Sequence[Any]]:
    """Run a hot statement that needs no transaction, unless one is open, and return its rows.

    With PostgreSQL that is one round trip instead of three: a statement sees one moment anyway.
    """
    if connection.dialect.name == "sqlite" or connection.in_transaction():
        return await fetch(connection, statement, parameters)
    driver = (await connection.get_raw_connection()).driver_connection
    numbered, names = _numbered(statement)
    try:
        found: Sequence[Sequence[Any]] = await driver.fetch(numbered, *(parameters[name] for name in names))  # type: ignore[union-attr]
    except BaseException:
        # SQLAlchemy has not seen that the connection is lost, and would lend it again.
        if driver.is_closed():  # type: ignore[union-attr]
            await connection.invalidate()
        raise
    return found


@cache
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """Return a statement with $1, $2, … for its parameters, and their names."""
    names = tuple(dict.fromkeys(_PARAMETER.findall(statement)))
    return _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", statement), names


async def read_document(
    connection: AsyncConnection, place: Place, *, limit: int = LATEST, version: int | None = None
) -> Document | None:
    """Return a document as it is at a sequence, or a version of it; deleted ones too.

    Raises:
        NotFound: there is no such branch, or it was dropped.
    """
    parameters = {**_place(place), "upto": limit, "version": version or 0}
    ((state, *row),) = await fetch_alone(connection, SQL["read_document"], parameters)
    if place.branch != MAIN:
        check_there(place.branch, state)
    return None if row[0] is None else document(Version._make(row), branch=place.branch)


async def read_past(
    connection: AsyncConnection, place: Place, *, version: int | None, as_of: int | datetime | None
) -> Document | None:
    """Return a document as it was, or a version of it.

    Raises:
        NotFound: there is no such branch or version.
    """
    limit = LATEST if as_of is None else await _sequence_of(connection, as_of)
    found = await read_document(connection, place, limit=limit, version=version)
    if version is None:
        return present(found)
    if found is None:
        raise NotFound(f"{place.namespace}/{place.key} on branch {place.branch!r} has no version {version}")
    return found


async def read_snapshot(
    connection: AsyncConnection, places: Sequence[Place], *, as_of: int | datetime | None
) -> Snapshot:
    """Return several documents as they are at one moment.

    Raises:
        BadRequest: they belong to several tenants.
        NotFound: there is no such branch.
    """
    if len({place.tenant for place in places}) > 1:
        raise BadRequest(f"the places belong to several tenants: {', '.join(sorted({p.tenant for p in places}))}")
    await connection.begin()  # Else each statement would see a moment of its own.
    sequence = await (read_sequence(connection) if as_of is None else _sequence_of(connection, as_of))
    found = [await read_document(connection, place, limit=sequence) for place in places]
    return Snapshot(sequence=sequence, documents=tuple(map(present, found)))


def present(found: Document | None) -> Document | None:
    """Return a document that is there, None for one that is gone."""
    return None if found is None or found.gone else found


def _place(place: Place) -> dict[str, Any]:
    return {"tenant": place.tenant, "branch": place.branch, "namespace": place.namespace, "key": place.key}


async def _sequence_of(connection: AsyncConnection, as_of: int | datetime) -> int:
    if not isinstance(as_of, datetime):
        return as_of
    rows = await fetch(connection, SQL["read_sequence_at"], {"at": microseconds(as_of)})
    return int(rows[0][0]) if rows else 0


async def read_lineage(connection: AsyncConnection, tenant: str, branch: str) -> Sequence[BranchRow]:
    """Return a branch and its forefathers but `main`.

    Raises:
        NotFound: there is no such branch, or it was dropped.
    """
    if branch == MAIN:
        return ()
    rows = await fetch(connection, SQL["read_lineage"], {"tenant": tenant, "name": branch})
    lineage = [BranchRow._make(row) for row in rows]
    check_lineage(branch, lineage)
    return lineage


async def read_branches(connection: AsyncConnection, tenant: str) -> Sequence[BranchRow]:
    """Return the branches of a tenant, but `main` and dropped ones, the oldest first."""
    return [BranchRow._make(row) for row in await fetch(connection, SQL["read_branches"], {"tenant": tenant})]


async def read_sequence(connection: AsyncConnection) -> int:
    """Return the last sequence that was given."""
    return int((await fetch_alone(connection, SQL["read_sequence"], {}))[0][0])


async def read_history(
    connection: AsyncConnection, place: Place, *, limit: int, before: int | None
) -> Sequence[Version]:
    """Return versions of a document, the latest first, those of its branch's forefathers up to the fork included."""
    lineage = await read_lineage(connection, place.tenant, place.branch)
    last = _NO_VERSION if before is None else min(before, _NO_VERSION)
    found: list[Version] = []
    for branch, upto in levels(place.branch, lineage):
        if len(found) == limit:
            break
        more = {"branch": branch, "upto": upto, "before": last, "count": limit - len(found)}
        found += [Version._make(row) for row in await fetch(connection, SQL["read_history"], _place(place) | more)]
    return found
