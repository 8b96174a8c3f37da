"""Wake-ups by publish and subscribe in Redis."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from memory.background import end
from memory.local_wakeups import LocalWakeUps
from memory.redis_connection import RedisConnection

_AGAIN_SECONDS = 0.5


class RedisWakeUps:
    """Publishes each sequence, and hears those of all processes.

    What is published while the subscription is down is not heard; whoever waits looks after it by himself.

    Args:
        connection: the server.
        prefix: what the channel's name begins with; two databases on one server need two.
        silence: a server that is cut off closes no connection: after such a time it is asked whether it is there, and
            after as long again it is given up.
    """

    def __init__(
        self, connection: RedisConnection, *, prefix: str = "perdure", silence: timedelta = timedelta(seconds=2)
    ) -> None:
        self._connection = connection
        self._silence_seconds = silence.total_seconds()
        self._channel = f"{prefix}:sequences"
        self._heard = LocalWakeUps()
        self._subscribed = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    async def start(self, *, patience: timedelta = timedelta(seconds=1)) -> None:
        """Begin to listen, and wait at most so long until the server has agreed."""
        self._listener = asyncio.create_task(self._listen())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._subscribed.wait(), patience.total_seconds())

    async def close(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            await end(self._listener)

    async def announce(self, sequence: int) -> None:
        """See `WakeUps.announce`."""
        self._heard.tell(sequence)
        await self._connection.ask(lambda client: client.publish(self._channel, str(sequence)), otherwise=0)

    async def wait(self, *, beyond: int, within: timedelta) -> int | None:
        """See `WakeUps.wait`."""
        return await self._heard.wait(beyond=beyond, within=within)

    async def _listen(self) -> None:
        while True:
            # `announce` says once that the server is away, in words of its own.
            with suppress(RedisError, OSError):
                async with self._connection.client.pubsub() as subscription:
                    await subscription.subscribe(self._channel)
                    await self._hear(subscription)
            self._subscribed.clear()
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _hear(self, subscription: PubSub) -> None:
        asked = False
        while True:
            message = await subscription.get_message(timeout=self._silence_seconds)
            if message is not None:
                asked = False
                self._connection.heard()
                self._take(message)
            elif asked:
                return
            else:
                asked = True
                await subscription.ping()

    def _take(self, message: dict[str, object]) -> None:
        if message["type"] == "subscribe":
            self._subscribed.set()
        elif message["type"] == "message" and isinstance(data := message["data"], bytes) and data.isdigit():
            self._heard.tell(int(data))
