"""Pieces of conversations in SQLite."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence

from memory.sqlite_database import SqliteDatabase

# SQLite's own limit for the variables of one statement is 32,766; smaller groups are as fast.
_MOST_NAMED = 1_000


class SqliteSegmentStore:
    """Keeps segments in a database file.

    Args:
        database: the file.
    """

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def read(self, conversation: str, digests: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """See `SegmentStore.read`."""
        return await self._database.read(lambda connection: _read(connection, conversation, digests))

    async def write(self, conversation: str, blobs: Mapping[bytes, bytes]) -> None:
        """See `SegmentStore.write`."""
        await self._database.write(lambda connection: _write(connection, conversation, blobs))

    async def drop(self, conversation: str, digests: Sequence[bytes]) -> None:
        """See `SegmentStore.drop`."""
        rows = [(conversation, digest) for digest in digests]
        await self._database.write(
            lambda connection: connection.executemany(
                "DELETE FROM segments WHERE conversation = ? AND digest = ?", rows
            )
        )


def _read(connection: sqlite3.Connection, conversation: str, digests: Sequence[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for start in range(0, len(digests), _MOST_NAMED):
        named = digests[start : start + _MOST_NAMED]
        marks = ",".join("?" * len(named))
        found.update(
            connection.execute(
                f"SELECT digest, data FROM segments WHERE conversation = ? AND digest IN ({marks})",
                (conversation, *named),
            )
        )
    return found


def _write(connection: sqlite3.Connection, conversation: str, blobs: Mapping[bytes, bytes]) -> None:
    rows = [(conversation, digest, data) for digest, data in blobs.items()]
    connection.executemany("INSERT OR IGNORE INTO segments VALUES (?, ?, ?)", rows)
    connection.execute("INSERT OR REPLACE INTO segment_use VALUES (?, ?)", (conversation, int(time.time())))
