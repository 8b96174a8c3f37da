"""Segments of running conversations in the worker's memory, before the store that keeps them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from contracts.conversation_ports import SegmentStore

DEFAULT_BYTES = 64 * 1024 * 1024


class CachedSegmentStore:
    """Reads from memory first, and drops what was not used for longest when it holds too much.

    Args:
        store: keeps what this one forgets.
        max_bytes: the most that it holds, in bytes of data.
    """

    def __init__(self, store: SegmentStore, *, max_bytes: int = DEFAULT_BYTES) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._held: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()
        self._bytes = 0

    async def read(self, conversation: str, digests: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """See `SegmentStore.read`."""
        found: dict[bytes, bytes] = {}
        for digest in digests:
            if (data := self._held.get((conversation, digest))) is not None:
                found[digest] = data
                self._held.move_to_end((conversation, digest))
        absent = [digest for digest in digests if digest not in found]
        if absent:
            stored = await self._store.read(conversation, absent)
            self._hold(conversation, stored)
            found.update(stored)
        return found

    async def write(self, conversation: str, blobs: Mapping[bytes, bytes]) -> None:
        """See `SegmentStore.write`."""
        await self._store.write(conversation, blobs)
        self._hold(conversation, blobs)

    async def drop(self, conversation: str, digests: Sequence[bytes]) -> None:
        """See `SegmentStore.drop`."""
        for digest in digests:
            self._bytes -= len(self._held.pop((conversation, digest), b""))
        await self._store.drop(conversation, digests)

    def clear(self) -> None:
        """Forget everything that is held in memory."""
        self._held.clear()
        self._bytes = 0

    def _hold(self, conversation: str, blobs: Mapping[bytes, bytes]) -> None:
        for digest, data in blobs.items():
            if (conversation, digest) not in self._held:
                self._held[conversation, digest] = data
                self._bytes += len(data)
        while self._bytes > self._max_bytes:
            _, data = self._held.popitem(last=False)
            self._bytes -= len(data)
