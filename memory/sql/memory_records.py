"""Records of what was done with memories."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.memories import MemoryRecord
from memory.ledger.filters import Conditions
from memory.ledger.rows import RecordRow, record_of
from memory.sql.memory_reading import rows_of

_BY_MEMORY = "e.seq IN (SELECT i.seq FROM memory_event_ids i WHERE i.tenant = :tenant AND i.id = :memory)"


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
