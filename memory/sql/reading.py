"""Reads of single documents: the same statements on every database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.state import MAIN
from memory.state.rows import BranchRow, Version
from memory.state.world import RowNeed, check_lineage

_COLUMNS = ", ".join(Version._fields)
_PLACE = "tenant = :tenant AND branch = :branch AND namespace = :namespace AND key = :key AND seq <= :limit"
_ROW = text(f"SELECT {_COLUMNS} FROM versions WHERE {_PLACE} ORDER BY seq DESC LIMIT 1")
_ROW_OF_VERSION = text(f"SELECT {_COLUMNS} FROM versions WHERE {_PLACE} AND version = :version")
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


async def read_row(connection: AsyncConnection, needs: Sequence[RowNeed]) -> Version | None:
    """Return the first row that is there."""
    for need in needs:
        statement: TextClause = _ROW if need.version is None else _ROW_OF_VERSION
        row = (await connection.execute(statement, need._asdict())).first()
        if row is not None:
            return Version._make(row)
    return None


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


async def read_sequence_at(connection: AsyncConnection, at: int) -> int:
    """Return the last sequence of a change that was written at a time (in microseconds) or before."""
    return int((await connection.execute(_SEQUENCE_AT, {"at": at})).scalar() or 0)
