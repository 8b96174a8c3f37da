"""Reads for archives: all versions that a branch sees, page by page, and their vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.memory_archive import ArchiveCounts
from memory.ledger.rows import MemoryRow, VectorRow
from memory.sql.memory_reading import numbered, seen
from memory.sql.memory_statements import memory_statements
from memory.sql.reading import fetch_alone

_SQL = memory_statements("memory_archive.sql")
_EVERYTHING = "TRUE"


async def read_counts(
    connection: AsyncConnection, *, tenant: str, branch: str, scopes: Sequence[str] | None
) -> ArchiveCounts:
    """Return how much there is. `scopes`: keys of the scopes that count; None is all."""
    more, given = _within(scopes)
    rows = await _rows(connection, "read_archive_counts", given, tenant=tenant, branch=branch, more=more)
    memories, versions, sequence = rows[0]
    return ArchiveCounts(memories=memories, versions=versions, sequence=sequence)


async def read_page(
    connection: AsyncConnection,
    *,
    tenant: str,
    branch: str,
    scopes: Sequence[str] | None,
    after: int,
    upto: int,
    limit: int,
) -> list[MemoryRow]:
    """Return versions with sequences from `after` (without it) to `upto`, in order."""
    more, given = _within(scopes)
    given = {**given, "after": after, "upto": upto, "page": limit}
    rows = await _rows(connection, "read_archive_page", given, tenant=tenant, branch=branch, more=more)
    return list(map(MemoryRow._make, rows))


async def read_versions_of(
    connection: AsyncConnection, ids: Sequence[str], *, tenant: str, branch: str
) -> list[MemoryRow]:
    """Return all versions of some memories, in order."""
    names, given = numbered("id", dict.fromkeys(ids))
    given = {**given, "after": 0, "upto": 2**62, "page": 2**31}
    more = f"m.id IN ({names})"
    rows = await _rows(connection, "read_archive_page", given, tenant=tenant, branch=branch, more=more)
    return list(map(MemoryRow._make, rows))


async def read_vectors(connection: AsyncConnection, sequences: Sequence[int]) -> list[VectorRow]:
    """Return the vectors of texts, of all embedders."""
    names, given = numbered("seq", sequences)
    statement = _SQL["read_archive_vectors"].replace("{more}", names)
    rows = await fetch_alone(connection, statement, given)
    return [VectorRow(seq, embedder, bytes(vector)) for seq, embedder, vector in rows]


def _within(scopes: Sequence[str] | None) -> tuple[str, dict[str, Any]]:
    if scopes is None:
        return _EVERYTHING, {}
    names, given = numbered("scope", scopes)
    return f"m.scope IN ({names})", given


async def _rows(
    connection: AsyncConnection, name: str, parameters: dict[str, Any], *, tenant: str, branch: str, more: str
) -> Sequence[Sequence[Any]]:
    what, _ = await seen(connection, tenant, branch)
    statement = _SQL[name].replace("{seen}", what.all()).replace("{more}", more)
    return await fetch_alone(connection, statement, {**what.parameters, **parameters})
