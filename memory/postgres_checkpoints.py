"""Texts that outlive a history, in PostgreSQL."""

from __future__ import annotations

from contracts.errors import NotFound
from memory.postgres_pool import PostgresPool


class PostgresCheckpointStore:
    """Keeps checkpoints in a database that all workers share.

    Args:
        pool: its connections.
    """

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def save(self, conversation: str, checkpoint: str, text: str) -> None:
        """See `CheckpointStore.save`."""
        await self._pool.run("save_checkpoint", conversation, checkpoint, text.encode())

    async def load(self, conversation: str, checkpoint: str) -> str:
        """See `CheckpointStore.load`."""
        rows = await self._pool.run("load_checkpoint", conversation, checkpoint)
        if not rows:
            raise NotFound(f"there is no checkpoint {checkpoint!r} of run {conversation!r}: was the database replaced?")
        return bytes(rows[0][0]).decode()
