"""Answers of memory in Redis, behind those in this process: what one process found, others need not look for."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from memory.process_memory_cache import ProcessMemoryCache, kind_of
from memory.redis_connection import RedisConnection


class RedisMemoryCache:
    """Looks into this process first, and then into Redis.

    An entry in Redis begins with the ledger's version and the time at which it ends, so that what is taken over into
    this process ends with it.

    Args:
        connection: the server.
        near: the first level.
        prefix: what all keys begin with; two databases on one server need two.
        clock: seconds since 1970, the same for all processes.
    """

    def __init__(
        self,
        connection: RedisConnection,
        *,
        near: ProcessMemoryCache,
        prefix: str = "perdure",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._connection = connection
        self._near = near
        self._prefix = prefix
        self._clock = clock
        self._counts: dict[str, dict[str, int]] = defaultdict(lambda: {"hits": 0, "misses": 0, "from_redis": 0})

    async def get(self, key: str, *, version: int) -> bytes | None:
        """See `MemoryCache.get`."""
        counted = self._counts[kind_of(key)]
        value = self._near.look(key, version=version)
        if value is None and (value := await self._from_redis(key, version=version)) is not None:
            counted["from_redis"] += 1
        counted["misses" if value is None else "hits"] += 1
        return value

    async def put(self, key: str, value: bytes, *, version: int, ttl: timedelta) -> None:
        """See `MemoryCache.put`."""
        self._near.keep(key, value, version=version, ttl=ttl)
        until = self._clock() + ttl.total_seconds()
        name, entry = self._name(key), b"%d %.3f %b" % (version, until, value)
        milliseconds = max(1, round(ttl.total_seconds() * 1000))
        await self._connection.ask(lambda client: client.set(name, entry, px=milliseconds), otherwise=None)

    def counts(self) -> dict[str, dict[str, int]]:
        """See `MemoryCache.counts`; `from_redis` says how many of the hits this process did not have itself."""
        return {kind: dict(counted) for kind, counted in self._counts.items()}

    async def _from_redis(self, key: str, *, version: int) -> bytes | None:
        name = self._name(key)
        entry: Any = await self._connection.ask(lambda client: client.get(name), otherwise=None)
        if entry is None:
            return None
        kept, until, value = entry.split(b" ", 2)
        left = float(until) - self._clock()
        if int(kept) != version or left <= 0:
            return None
        self._near.keep(key, value, version=version, ttl=timedelta(seconds=left))
        return bytes(value)

    def _name(self, key: str) -> str:
        return f"{self._prefix}:memory:1:{key}"
