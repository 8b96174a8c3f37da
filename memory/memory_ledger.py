"""The one truth of memories, on any database that has a `Database`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from contracts.memories import Memory, MemoryCommit, MemoryCommitted
from contracts.memory_ports import LedgerEntry, View
from memory.ledger.commits import MemoryMade, memory_command
from memory.ledger.rows import memory_of
from memory.sql import memory_reading as reading
from memory.sql.database import Database


class SqlMemoryLedger:
    """Memories in the database of state.

    Args:
        database: its owner is the caller.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def commit(
        self, commit: MemoryCommit, *, stems: Sequence[Sequence[str]], vectors: Sequence[bytes | None], embedder: str
    ) -> MemoryCommitted:
        """See `MemoryLedger.commit`."""
        command = memory_command(commit, stems=stems, vectors=vectors, embedder=embedder)
        return _committed(await self._database.submit(command))

    async def claimed(self, key: str, *, tenant: str) -> MemoryCommitted | None:
        """See `MemoryLedger.claimed`."""
        return await self._database.read(lambda connection: reading.read_claimed(connection, key, tenant=tenant))

    async def get(
        self,
        ids: Sequence[str],
        *,
        tenant: str,
        branch: str,
        version: int | None = None,
        as_of: int | datetime | None = None,
    ) -> tuple[Memory, ...]:
        """See `MemoryLedger.get`."""
        return await self._database.read(
            lambda connection: reading.read_memories(
                connection, ids, tenant=tenant, branch=branch, version=version, as_of=as_of
            )
        )

    async def history(self, id: str, *, tenant: str, branch: str) -> tuple[Memory, ...]:
        """See `MemoryLedger.history`."""
        return await self._database.read(
            lambda connection: reading.read_memory_history(connection, id, tenant=tenant, branch=branch)
        )

    async def entries(self, view: View, *, after: int, embedder: str) -> tuple[Sequence[LedgerEntry], int]:
        """See `MemoryLedger.entries`."""
        return await self._database.read(
            lambda connection: reading.read_entries(connection, view, after=after, embedder=embedder)
        )

    async def moved(self, *, tenant: str) -> int:
        """See `MemoryLedger.moved`."""
        return await self._database.read(lambda connection: reading.read_head(connection, tenant))

    async def changes(
        self, *, after: int, limit: int, embedder: str
    ) -> tuple[Sequence[tuple[Memory, bytes | None]], int]:
        """See `MemoryLedger.changes`."""
        return await self._database.read(
            lambda connection: reading.read_changes(connection, after=after, limit=limit, embedder=embedder)
        )


def _committed(made: MemoryMade) -> MemoryCommitted:
    # Made of rows that were checked when they were written: see `memory_of`.
    memories = tuple(map(memory_of, made.rows))
    return MemoryCommitted.model_construct(sequence=made.sequence, memories=memories, repeated=made.repeated)
