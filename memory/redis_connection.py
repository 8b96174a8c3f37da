"""Redis as something that may be away: whoever asks gets an answer in a bounded time, or goes on without."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class RedisConnection:
    """Connections to one server, and a breaker: after a failure nobody asks for some seconds.

    So a server that is cut off costs one `patience` now and then, not one for each read.

    Args:
        url: its address, such as "redis://host:6379/0".
        patience: how long an answer may take.
        rest: how long it is left alone after a failure.
    """

    def __init__(
        self, url: str, *, patience: timedelta = timedelta(seconds=0.2), rest: timedelta = timedelta(seconds=3)
    ) -> None:
        seconds = patience.total_seconds()
        # A server that was started again has cut the connections of the pool, each of which is told so once. After a
        # silence a repeat would only lengthen the wait: the caller has the database.
        once = Retry(NoBackoff(), 1, supported_errors=(ConnectionError,))
        self.client = Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=once)
        self._rest = rest
        self._failed = False
        self._again_at = 0.0

    async def ask(self, command: Callable[[Redis], Awaitable[_T]], *, otherwise: _T) -> _T:
        """Return what the server answers, or `otherwise` where it does not."""
        if self._failed and not self._tries_again():
            return otherwise
        try:
            answer = await command(self.client)
        except (RedisError, OSError) as error:
            self._trip(error)
            return otherwise
        self._mend()
        return answer

    def heard(self) -> None:
        """Note that the server has spoken to somebody: it may be asked again."""
        self._mend()

    async def close(self) -> None:
        """Close all connections."""
        await self.client.aclose()

    def _tries_again(self) -> bool:
        """Let one caller try once the rest is over; the others go on without until he has his answer."""
        now = time.monotonic()
        if now < self._again_at:
            return False
        self._again_at = now + self._rest.total_seconds()
        return True

    def _trip(self, error: Exception) -> None:
        if not self._failed:
            _log.warning("Redis does not answer (%s): the database is read until it does", error)
        self._failed = True
        self._again_at = time.monotonic() + self._rest.total_seconds()

    def _mend(self) -> None:
        if self._failed:
            _log.warning("Redis answers again")
        self._failed = False
