"""Hints that deliveries are due, by a Redis Stream that all workers share."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from memory.redis_connection import RedisConnection

_MOST_KEPT = 10_000
_MOST_READ = 20
# The connection's patience is that of a long wait. A server that is silent must hold up nobody for so long.
_SILENCE_SECONDS = 0.3


class RedisDeliveryBus:
    """Each hint reaches one worker of the group. What Redis loses, the workers' sweeps find.

    Args:
        connection: the server; its patience must be longer than what `wait` is given.
        consumer: name of this worker, unique.
        prefix: what the stream's name begins with; two databases on one server need two.
        abandoned: a worker that read a hint and does not come back for so long has died; another one takes the hint.
    """

    def __init__(
        self,
        connection: RedisConnection,
        *,
        consumer: str,
        prefix: str = "perdure",
        abandoned: timedelta = timedelta(seconds=5),
    ) -> None:
        self._connection = connection
        self._consumer = consumer
        self._stream = f"{prefix}:deliveries"
        self._group = f"{prefix}:workers"
        self._abandoned = int(abandoned.total_seconds() * 1000)
        self._taken: list[Any] = []

    async def tell(self, lanes: Sequence[str]) -> None:
        """See `DeliveryBus.tell`."""
        if lanes:
            await self._connection.ask(lambda client: self._add(client, lanes), otherwise=None)

    async def wait(self, *, within: timedelta) -> None:
        """See `DeliveryBus.wait`. Coming back says that what was told before has been looked after."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within.total_seconds()
        told = await self._connection.ask(lambda client: self._next(client, within), otherwise=False)
        if not told:
            await asyncio.sleep(max(0.0, end - loop.time()))

    async def close(self) -> None:
        """Leave the group."""
        await self._connection.ask(self._leave, otherwise=None)

    async def _add(self, client: Redis, lanes: Sequence[str]) -> None:
        async with asyncio.timeout(_SILENCE_SECONDS), client.pipeline(transaction=False) as pipeline:
            for lane in lanes:
                pipeline.xadd(self._stream, {"lane": lane}, maxlen=_MOST_KEPT, approximate=True)
            await pipeline.execute()

    async def _next(self, client: Redis, within: timedelta) -> bool:
        async with asyncio.timeout(within.total_seconds() + _SILENCE_SECONDS):
            try:
                return await self._read(client, within)
            except ResponseError as error:
                if "NOGROUP" not in str(error):
                    raise
                await self._join(client)
                return await self._read(client, within)

    async def _read(self, client: Redis, within: timedelta) -> bool:
        if self._taken:
            await client.xack(self._stream, self._group, *self._taken)
            self._taken = []
        _, claimed, *_ = await client.xautoclaim(
            self._stream, self._group, self._consumer, self._abandoned, count=_MOST_READ
        )
        if not claimed:
            block = max(1, int(within.total_seconds() * 1000))
            streams: Any = {self._stream: ">"}
            found: Any = await client.xreadgroup(self._group, self._consumer, streams, count=_MOST_READ, block=block)
            claimed = [entry for _, entries in found or () for entry in entries]
        self._taken = [id_ for id_, _ in claimed]
        return bool(claimed)

    async def _join(self, client: Redis) -> None:
        """Make the group, from the stream's beginning; somebody else may be quicker."""
        with suppress(ResponseError):
            await client.xgroup_create(self._stream, self._group, id="0", mkstream=True)

    async def _leave(self, client: Redis) -> None:
        with suppress(ResponseError):
            await client.xgroup_delconsumer(self._stream, self._group, self._consumer)
