"""Answers of finished activities in SQLite."""

from __future__ import annotations

import time

from contracts.errors import IdempotencyMismatch
from memory.sqlite_database import SqliteDatabase


class SqliteResultJournal:
    """Keeps answers in a database file.

    Args:
        database: the file.
    """

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def find(self, key: str, *, request: bytes) -> str | None:
        """See `ResultJournal.find`."""
        row = await self._database.read(
            lambda connection: connection.execute(
                "SELECT request, answer FROM results WHERE key = ?", (key,)
            ).fetchone()
        )
        if row is None:
            return None
        if row[0] != request:
            raise IdempotencyMismatch(f"the answer recorded for {key!r} belongs to another request: it is not used")
        return str(row[1])

    async def record(self, key: str, *, request: bytes, answer: str) -> None:
        """See `ResultJournal.record`."""
        await self._database.write(
            lambda connection: connection.execute(
                "INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?)", (key, request, answer, int(time.time()))
            )
        )
