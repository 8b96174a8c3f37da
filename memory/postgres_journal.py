"""Answers of finished activities in PostgreSQL."""

from __future__ import annotations

from contracts.errors import IdempotencyMismatch
from memory.postgres_pool import PostgresPool


class PostgresResultJournal:
    """Keeps answers in a database that all workers share.

    Args:
        pool: its connections.
    """

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def find(self, key: str, *, request: bytes) -> str | None:
        """See `ResultJournal.find`."""
        rows = await self._pool.run("find_result", key)
        if not rows:
            return None
        recorded, answer = rows[0]
        if recorded != request:
            raise IdempotencyMismatch(f"the answer recorded for {key!r} belongs to another request: it is not used")
        return bytes(answer).decode()

    async def record(self, key: str, *, request: bytes, answer: str) -> None:
        """See `ResultJournal.record`."""
        await self._pool.run("record_result", key, request, answer.encode())
