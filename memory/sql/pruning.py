"""Deleting versions that nobody reads any more."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.sql.database import Database

# Rows that are deleted in one transaction: other writers wait no longer than that takes.
_AT_ONCE = 500

# What living branches read of their forefathers: up to which sequence.
_READS = """
WITH RECURSIVE reads (branch, upto) AS (
    SELECT parent, fork_seq FROM branches WHERE tenant = :tenant AND state <> 'dropped'
    UNION
    SELECT b.parent, CASE WHEN b.fork_seq < r.upto THEN b.fork_seq ELSE r.upto END
    FROM reads r JOIN branches b ON b.tenant = :tenant AND b.name = r.branch
)"""
_IS_READ = """
EXISTS (SELECT 1 FROM reads r WHERE r.branch = v.branch AND r.upto >= v.seq AND r.upto < v.until_seq)"""

# Commits have sequences of their own, so the first that ends at a row or later is the only one that can hold it.
_SUPERSEDED = text(f"""
{_READS}
SELECT v.seq FROM (
    SELECT seq, branch, until_seq, written_at,
           row_number() OVER (PARTITION BY branch, namespace, key ORDER BY seq DESC) AS age
    FROM versions WHERE tenant = :tenant
) v
WHERE v.age > :keep AND v.until_seq IS NOT NULL AND v.written_at < :before AND NOT {_IS_READ}
  AND NOT EXISTS (
    SELECT 1 FROM commits c
    WHERE c.last_seq = (SELECT min(last_seq) FROM commits WHERE last_seq >= v.seq)
      AND c.first_seq <= v.seq AND c.written_at >= :remembered)
ORDER BY v.seq""")
_DELETE = text(f"""
{_READS}
DELETE FROM versions AS v WHERE v.seq IN :numbers AND v.until_seq IS NOT NULL AND NOT {_IS_READ}
RETURNING seq""").bindparams(bindparam("numbers", expanding=True))
_OLD_COMMITS = text("SELECT last_seq FROM commits WHERE tenant = :tenant AND written_at < :remembered")
_FORGET = text("DELETE FROM commits WHERE tenant = :tenant AND last_seq IN :numbers").bindparams(
    bindparam("numbers", expanding=True)
)


async def prune(database: Database, *, tenant: str, before: int, keep: int, remembered: int) -> int:
    """Delete superseded versions, a few in each transaction, and return how many there were.

    Args:
        database: where they are.
        tenant: whose.
        before: written before this time, in microseconds.
        keep: how many of each document stay.
        remembered: idempotency keys that were used since then are kept, with the versions that they return.
    """
    times = {"tenant": tenant, "remembered": remembered}
    numbers = await database.read(
        lambda connection: _numbers(connection, _SUPERSEDED, times | {"before": before, "keep": keep})
    )
    deleted = sum([len((await database.write([_some(_DELETE, tenant, some)]))[0]) for some in _chunks(numbers)])
    for some in _chunks(await database.read(lambda connection: _numbers(connection, _OLD_COMMITS, times))):
        await database.write([_some(_FORGET, tenant, some)])
    return deleted


async def _numbers(connection: AsyncConnection, statement: TextClause, parameters: dict[str, object]) -> list[int]:
    return list((await connection.execute(statement, parameters)).scalars())


def _some(statement: TextClause, tenant: str, numbers: Sequence[int]) -> tuple[TextClause, dict[str, object]]:
    return statement, {"tenant": tenant, "numbers": numbers}


def _chunks(numbers: Sequence[int]) -> list[Sequence[int]]:
    return [numbers[start : start + _AT_ONCE] for start in range(0, len(numbers), _AT_ONCE)]
