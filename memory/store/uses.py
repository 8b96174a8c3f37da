"""How often memories were of use: drawn on by an answer, or marked by somebody. A table of counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.sql.database import Database, Insert
from memory.sql.memory_tables import MEMORY_USES
from memory.state.rows import microseconds

_COUNTS = ("drawn", "useful", "useless")


class Use(NamedTuple):
    """How often a memory was drawn on, and marked as of use or of none."""

    id: str
    drawn: int = 0
    useful: int = 0
    useless: int = 0


class MemoryUses:
    """Counts in the database of state. Its methods raise `BackendUnavailable`.

    Args:
        database: has the table.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, uses: Sequence[Use], *, tenant: str) -> None:
        """Add to what was counted."""
        used_at = microseconds(datetime.now(UTC))
        rows = [{"tenant": tenant, "used_at": used_at, **use._asdict()} for use in uses]
        if rows:
            await self._database.write([(self._adding(), rows)])

    async def of(self, tenant: str) -> Sequence[Use]:
        """Return what was counted."""
        columns = [MEMORY_USES.c[name] for name in Use._fields]

        async def work(connection: AsyncConnection) -> Sequence[Use]:
            found = await connection.execute(select(*columns).where(MEMORY_USES.c.tenant == tenant))
            return [Use._make(row) for row in found]

        return await self._database.read(work)

    async def forget(self, tenant: str) -> int:
        """Forget what was counted, and return of how many memories."""
        gone = delete(MEMORY_USES).where(MEMORY_USES.c.tenant == tenant).returning(MEMORY_USES.c.id)
        return len((await self._database.write([(gone, {})]))[0])

    def _adding(self) -> Insert:
        insert = (sqlite if self._database.dialect == "sqlite" else postgresql).insert(MEMORY_USES)
        counted = {name: MEMORY_USES.c[name] + insert.excluded[name] for name in _COUNTS}
        changed = {**counted, "used_at": insert.excluded.used_at}
        adding: Insert = insert.on_conflict_do_update(index_elements=["tenant", "id"], set_=changed)
        return adding
