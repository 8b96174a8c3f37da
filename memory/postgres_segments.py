"""Pieces of conversations in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from memory.postgres_pool import PostgresPool


class PostgresSegmentStore:
    """Keeps segments in a database that all workers share.

    Args:
        pool: its connections.
    """

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def read(self, conversation: str, digests: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """See `SegmentStore.read`."""
        return dict(await self._pool.run("read_segments", conversation, list(digests)))

    async def write(self, conversation: str, blobs: Mapping[bytes, bytes]) -> None:
        """See `SegmentStore.write`."""
        # In one order, so that two who write the same pieces do not wait for each other.
        digests = sorted(blobs)
        await self._pool.run("write_segments", conversation, digests, [blobs[digest] for digest in digests])

    async def drop(self, conversation: str, digests: Sequence[bytes]) -> None:
        """See `SegmentStore.drop`."""
        await self._pool.run("drop_segments", conversation, list(digests))
