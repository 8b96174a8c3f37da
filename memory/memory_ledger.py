"""The one truth of memories, on any database that has a `Database`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from contracts.memories import Memory, MemoryCommit, MemoryCommitted, MemoryRecord
from contracts.memory_ports import LedgerEntry, Vector, View
from contracts.recall import MemoryListing, MemoryPage
from contracts.state import Author
from memory.ledger.abandonment import Abandon
from memory.ledger.commits import MemoryMade, memory_command
from memory.ledger.records import record_command
from memory.ledger.rows import memory_of
from memory.ledger.vectors import StoreVectors
from memory.sql import memory_reading as reading
from memory.sql.database import Database
from memory.sql.memory_heads import read_scopes, read_view_heads
from memory.sql.memory_listing import read_counts, read_listing, read_matching
from memory.sql.memory_records import read_records

# Vectors that are stored in one transaction: other writers wait no longer than that takes.
_AT_ONCE = 1_000


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

    async def heads(self, views: Sequence[View]) -> Sequence[int]:
        """See `MemoryLedger.heads`."""
        return await self._database.read(lambda connection: read_view_heads(connection, views))

    async def scopes(self, *, tenant: str) -> Sequence[str]:
        """See `MemoryLedger.scopes`."""
        return await self._database.read(lambda connection: read_scopes(connection, tenant))

    async def sequence_at(self, time: datetime) -> int:
        """See `MemoryLedger.sequence_at`."""
        return await self._database.read(lambda connection: reading.read_sequence_at(connection, time))

    async def time_of(self, sequence: int) -> datetime:
        """See `MemoryLedger.time_of`."""
        return await self._database.read(lambda connection: reading.read_time_of(connection, sequence))

    async def list(
        self, listing: MemoryListing, *, tenant: str, branch: str, scopes: Sequence[str] | None
    ) -> MemoryPage:
        """See `MemoryLedger.list`."""
        return await self._database.read(
            lambda connection: read_listing(
                connection, listing, tenant=tenant, branch=branch, scopes=scopes, dialect=self._database.dialect
            )
        )

    async def matching(
        self, listing: MemoryListing, *, tenant: str, branch: str, scopes: Sequence[str]
    ) -> frozenset[str]:
        """See `MemoryLedger.matching`."""
        return await self._database.read(
            lambda connection: read_matching(
                connection, listing, tenant=tenant, branch=branch, scopes=scopes, dialect=self._database.dialect
            )
        )

    async def counts(self, *, tenant: str, branch: str, scopes: Sequence[str] | None) -> dict[str, dict[str, int]]:
        """See `MemoryLedger.counts`."""
        return await self._database.read(
            lambda connection: read_counts(
                connection, tenant=tenant, branch=branch, scopes=scopes, dialect=self._database.dialect
            )
        )

    async def changes(
        self, *, after: int, limit: int, embedder: str
    ) -> tuple[Sequence[tuple[Memory, bytes | None]], int]:
        """See `MemoryLedger.changes`."""
        return await self._database.read(
            lambda connection: reading.read_changes(connection, after=after, limit=limit, embedder=embedder)
        )

    async def store_vectors(self, vectors: Sequence[Vector], *, embedder: str) -> None:
        """See `MemoryLedger.store_vectors`."""
        for start in range(0, len(vectors), _AT_ONCE):
            await self._database.submit(StoreVectors(vectors[start : start + _AT_ONCE], embedder))

    async def without_vector(self, *, embedder: str, after: int, limit: int) -> Sequence[tuple[int, str]]:
        """See `MemoryLedger.without_vector`."""
        return await self._database.read(
            lambda connection: reading.read_without_vector(connection, embedder=embedder, after=after, limit=limit)
        )

    async def abandon(self, run: str, *, keep: Sequence[str], tenant: str, author: Author) -> int:
        """See `MemoryLedger.abandon`."""
        command = Abandon(tenant=tenant, run=run, keep=frozenset(keep), author=author)
        return await self._database.submit(command)

    async def record(self, records: Sequence[MemoryRecord]) -> None:
        """See `MemoryLedger.record`."""
        if records:
            await self._database.submit(record_command(records))

    async def records(
        self, *, tenant: str, memory: str | None = None, run: str | None = None, limit: int = 100
    ) -> tuple[MemoryRecord, ...]:
        """See `MemoryLedger.records`."""
        return await self._database.read(
            lambda connection: read_records(connection, tenant=tenant, memory=memory, run=run, limit=limit)
        )


def _committed(made: MemoryMade) -> MemoryCommitted:
    # Made of rows that were checked when they were written: see `memory_of`.
    memories = tuple(map(memory_of, made.rows))
    return MemoryCommitted.model_construct(sequence=made.sequence, memories=memories, repeated=made.repeated)
