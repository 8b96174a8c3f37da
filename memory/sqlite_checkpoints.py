"""States between two histories in SQLite."""

from __future__ import annotations

from contracts.errors import NotFound
from memory.sqlite_database import SqliteDatabase


class SqliteCheckpointStore:
    """Keeps checkpoints in a database file.

    Args:
        database: the file.
    """

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    async def save(self, conversation: str, checkpoint: str, text: str) -> None:
        """See `CheckpointStore.save`."""
        row = (conversation, checkpoint, text)
        await self._database.write(
            lambda connection: connection.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)", row)
        )

    async def load(self, conversation: str, checkpoint: str) -> str:
        """See `CheckpointStore.load`."""
        statement = "SELECT text FROM checkpoints WHERE conversation = ? AND checkpoint = ?"
        row = await self._database.read(
            lambda connection: connection.execute(statement, (conversation, checkpoint)).fetchone()
        )
        if row is None:
            raise NotFound(f"there is no checkpoint {checkpoint!r} of run {conversation!r}: was the database replaced?")
        return str(row[0])
