"""Reads of single documents: the same statements on every database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import BadRequest, NotFound
from contracts.state import MAIN, Document, Place, Snapshot
from memory.state.rows import BranchRow, Version, document, microseconds
from memory.state.world import LATEST, check_lineage, levels, rows_of

# Higher than every version, and still a number of 32 bits.
_NO_VERSION = 2**31 - 1
_COLUMNS = ", ".join(Version._fields)
_PLACE = "tenant = :tenant AND branch = :branch AND namespace = :namespace AND key = :key AND seq <= :limit"
_ROW = text(f"SELECT {_COLUMNS} FROM versions WHERE {_PLACE} ORDER BY seq DESC LIMIT 1")
_ROW_OF_VERSION = text(f"SELECT {_COLUMNS} FROM versions WHERE {_PLACE} AND version = :version")
_HISTORY = text(f"SELECT {_COLUMNS} FROM versions WHERE {_PLACE} AND version < :before ORDER BY seq DESC LIMIT :count")
_SEQUENCE = text("SELECT sequence FROM clock WHERE id = 1")
_SEQUENCE_AT = text("SELECT seq FROM versions WHERE written_at <= :at ORDER BY written_at DESC, seq DESC LIMIT 1")
_BRANCH = ", ".join(BranchRow._fields)
_LINEAGE = text(
    f"WITH RECURSIVE lineage ({_BRANCH}) AS ("
    f" SELECT {_BRANCH} FROM branches WHERE tenant = :tenant AND name = :name"
    f" UNION ALL SELECT {', '.join('b.' + name for name in BranchRow._fields)}"
    "  FROM branches b JOIN lineage l ON b.tenant = l.tenant AND b.name = l.parent"
    f") SELECT {_BRANCH} FROM lineage ORDER BY depth DESC"
)
_BRANCHES = text(
    f"SELECT {_BRANCH} FROM branches WHERE tenant = :tenant AND state <> 'dropped' ORDER BY forked_at, name"
)


async def read_document(
    connection: AsyncConnection, place: Place, *, limit: int = LATEST, version: int | None = None
) -> Document | None:
    """Return a document as it is at a sequence, or a version of it; deleted ones too.

    Raises:
        NotFound: there is no such branch, or it was dropped.
    """
    lineage = await read_lineage(connection, place.tenant, place.branch)
    return await _document(connection, place, lineage, limit=limit, version=version)


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
    sequence = await (read_sequence(connection) if as_of is None else _sequence_of(connection, as_of))
    lineages: dict[str, Sequence[BranchRow]] = {}
    found = []
    for place in places:
        if place.branch not in lineages:
            lineages[place.branch] = await read_lineage(connection, place.tenant, place.branch)
        found.append(present(await _document(connection, place, lineages[place.branch], limit=sequence)))
    return Snapshot(sequence=sequence, documents=tuple(found))


def present(found: Document | None) -> Document | None:
    """Return a document that is there, None for one that is gone."""
    return None if found is None or found.gone else found


async def _document(
    connection: AsyncConnection,
    place: Place,
    lineage: Sequence[BranchRow],
    *,
    limit: int = LATEST,
    version: int | None = None,
) -> Document | None:
    at = (place.tenant, place.branch, place.namespace, place.key)
    for need in rows_of(at, lineage, limit=limit, version=version):
        statement: TextClause = _ROW if need.version is None else _ROW_OF_VERSION
        row = (await connection.execute(statement, need._asdict())).first()
        if row is not None:
            return document(Version._make(row), branch=place.branch)
    return None


async def _sequence_of(connection: AsyncConnection, as_of: int | datetime) -> int:
    if not isinstance(as_of, datetime):
        return as_of
    found = await connection.execute(_SEQUENCE_AT, {"at": microseconds(as_of)})
    return int(found.scalar() or 0)


async def read_lineage(connection: AsyncConnection, tenant: str, branch: str) -> Sequence[BranchRow]:
    """Return a branch and its forefathers but `main`.

    Raises:
        NotFound: there is no such branch, or it was dropped.
    """
    if branch == MAIN:
        return ()
    rows = await connection.execute(_LINEAGE, {"tenant": tenant, "name": branch})
    lineage = [BranchRow._make(row) for row in rows]
    check_lineage(branch, lineage)
    return lineage


async def read_branches(connection: AsyncConnection, tenant: str) -> Sequence[BranchRow]:
    """Return the branches of a tenant, but `main` and dropped ones, the oldest first."""
    return [BranchRow._make(row) for row in await connection.execute(_BRANCHES, {"tenant": tenant})]


async def read_sequence(connection: AsyncConnection) -> int:
    """Return the last sequence that was given."""
    return int((await connection.execute(_SEQUENCE)).scalar_one())


async def read_history(
    connection: AsyncConnection, place: Place, *, limit: int, before: int | None
) -> Sequence[Version]:
    """Return versions of a document, the latest first, those of its branch's forefathers up to the fork included."""
    lineage = await read_lineage(connection, place.tenant, place.branch)
    found: list[Version] = []
    for branch, upto in levels(place.branch, lineage):
        if len(found) == limit:
            break
        parameters = {
            "tenant": place.tenant,
            "branch": branch,
            "namespace": place.namespace,
            "key": place.key,
            "limit": upto,
            "before": _NO_VERSION if before is None else min(before, _NO_VERSION),
            "count": limit - len(found),
        }
        found += [Version._make(row) for row in await connection.execute(_HISTORY, parameters)]
    return found
