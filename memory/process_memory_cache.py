"""Answers of memory in the memory of this process: the first level of the cache."""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

_MIB = 1024 * 1024
# What an entry takes beside its value.
_ENTRY_BYTES = 300


class _Kept(NamedTuple):
    value: bytes
    version: int
    until: float


class ProcessMemoryCache:
    """Keeps the answers that were given last.

    Args:
        max_bytes: so much is kept at most.
        clock: seconds that never go back.
    """

    def __init__(self, *, max_bytes: int = 32 * _MIB, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = max_bytes
        self._clock = clock
        self._size = 0
        self._held: OrderedDict[str, _Kept] = OrderedDict()
        self._counts: dict[str, dict[str, int]] = defaultdict(lambda: {"hits": 0, "misses": 0})

    async def get(self, key: str, *, version: int) -> bytes | None:
        """See `MemoryCache.get`."""
        found = self.look(key, version=version)
        self._counts[kind_of(key)]["misses" if found is None else "hits"] += 1
        return found

    async def put(self, key: str, value: bytes, *, version: int, ttl: timedelta) -> None:
        """See `MemoryCache.put`."""
        self.keep(key, value, version=version, ttl=ttl)

    def counts(self) -> dict[str, dict[str, int]]:
        """See `MemoryCache.counts`."""
        return {kind: dict(counted) for kind, counted in self._counts.items()}

    def look(self, key: str, *, version: int) -> bytes | None:
        """Return what is kept, and count nothing."""
        kept = self._held.get(key)
        if kept is None or kept.version != version or kept.until <= self._clock():
            return None
        self._held.move_to_end(key)
        return kept.value

    def keep(self, key: str, value: bytes, *, version: int, ttl: timedelta) -> None:
        """Keep a value, unless one of a later version is there."""
        held = self._held.get(key)
        if held is not None and held.version > version:
            return
        self._drop(key)
        self._held[key] = _Kept(value, version, self._clock() + ttl.total_seconds())
        self._size += len(value) + _ENTRY_BYTES
        while self._size > self._most:
            self._drop(next(iter(self._held)))

    def _drop(self, key: str) -> None:
        kept = self._held.pop(key, None)
        if kept is not None:
            self._size -= len(kept.value) + _ENTRY_BYTES


def kind_of(key: str) -> str:
    """Return of what kind the data of a key are: what stands before its first colon."""
    return key.partition(":")[0]
