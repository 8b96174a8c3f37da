"""Records of what was done with memories, and how often each was of use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.memories import MemoryRecord
from memory.ledger.filters import Conditions
from memory.ledger.rows import RecordRow, record_of
from memory.sql.memory_reading import numbered, rows_of

_BY_MEMORY = "e.seq IN (SELECT i.seq FROM memory_event_ids i WHERE i.tenant = :tenant AND i.id = :memory)"
COUNT_USES: TextClause = text("""
INSERT INTO memory_uses (tenant, id, drawn, useful, useless, used_at)
VALUES (:tenant, :id, :drawn, :useful, :useless, :used_at)
ON CONFLICT (tenant, id) DO UPDATE
SET drawn = memory_uses.drawn + excluded.drawn, useful = memory_uses.useful + excluded.useful,
    useless = memory_uses.useless + excluded.useless, used_at = excluded.used_at""")
FORGET_USES: TextClause = text("DELETE FROM memory_uses WHERE tenant = :tenant RETURNING id")


class Uses(NamedTuple):
    """How often an answer drew on a memory, how often people marked it as of use or of none, and when last.

    Attributes:
        used_at: in microseconds since 1970 (UTC).
    """

    drawn: int
    useful: int
    useless: int
    used_at: int


async def read_records(
    connection: AsyncConnection, *, tenant: str, memory: str | None, run: str | None, limit: int
) -> tuple[MemoryRecord, ...]:
    """See `MemoryLedger.records`."""
    where = Conditions()
    if memory is not None:
        where.add(_BY_MEMORY, memory=memory)
    if run is not None:
        where.add("e.run = :run", run=run)
    given = {"tenant": tenant, "page": limit, **where.parameters}
    rows = await rows_of(connection, "read_records", given, more=where.text)
    return tuple(record_of(RecordRow._make(row)) for row in rows)


async def read_uses(connection: AsyncConnection, *, tenant: str, ids: Sequence[str] | None) -> dict[str, Uses]:
    """Return how often memories were of use, those that were; all of them where no ids are given."""
    more, given = "1 = 1", {"tenant": tenant}
    if ids is not None:
        names, named = numbered("id", ids)
        more, given = f"id IN ({names})", {**given, **named}
    rows = await rows_of(connection, "read_uses", given, more=more)
    return {id_: Uses(*counts) for id_, *counts in rows}
