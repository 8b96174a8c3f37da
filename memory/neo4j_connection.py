"""Connections to a Neo4j server that may be away: whoever asks has an answer or an error in a bounded time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from neo4j import AsyncGraphDatabase, AsyncManagedTransaction, AsyncSession, Query
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from contracts.errors import BackendUnavailable
from memory.relations.cypher import queries

_T = TypeVar("_T")
_CYPHER = queries("queries.cypher")
# Where others were quicker; doubled each time.
_PAUSE_SECONDS = 0.05


class Neo4jConnection:
    """Connections to one server. Nothing is connected before it is needed.

    Args:
        url: its address, such as "bolt://host:7687" or "neo4j://host:7687".
        user, password: None where it asks for none.
        patience: how long an answer may take.
    """

    def __init__(
        self,
        url: str,
        *,
        user: str = "neo4j",
        password: str | None = None,
        patience: timedelta = timedelta(seconds=5),
    ) -> None:
        self._url = url
        self._seconds = patience.total_seconds()
        self._driver = AsyncGraphDatabase.driver(
            url,
            auth=None if password is None else (user, password),
            connection_timeout=self._seconds,
            connection_acquisition_timeout=self._seconds,
            # It would try a closed port for as long as anything else, and warn of each attempt: see `_tried`.
            max_transaction_retry_time=-1,
            notifications_min_severity="OFF",
        )

    async def read(self, work: Callable[[AsyncManagedTransaction], Awaitable[_T]]) -> _T:
        """Do something in a transaction that changes nothing."""
        return await self._within(_tried(lambda session: session.execute_read(work)), seconds=self._seconds)

    async def write(self, work: Callable[[AsyncManagedTransaction], Awaitable[_T]]) -> _T:
        """Do something in a transaction; where others were quicker it is done again."""
        return await self._within(_tried(lambda session: session.execute_write(work)), seconds=self._seconds)

    async def run(self, name: str, *, seconds: float | None = None, **given: Any) -> None:
        """Run a query that is a transaction of its own, or several of them."""

        async def ran(session: Any) -> None:
            await (await session.run(query(name), given)).consume()

        await self._within(ran, seconds=seconds or self._seconds)

    async def close(self) -> None:
        """Close all connections."""
        await self._driver.close()

    async def _within(self, work: Callable[[Any], Awaitable[_T]], *, seconds: float) -> _T:
        try:
            # The driver waits for ever for a server that is silent.
            async with asyncio.timeout(seconds), self._driver.session() as session:
                return await work(session)
        except (DriverError, Neo4jError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> BackendUnavailable:
        reason = _reason(error) or f"no answer within {self._seconds:g} s"
        advice = "check NEO4J_USER and NEO4J_PASSWORD" if isinstance(error, AuthError) else "check that it runs"
        return BackendUnavailable(
            f"Neo4j at {self._url} cannot be used ({reason}): {advice}; memory goes on without it"
        )


def _reason(error: BaseException) -> str:
    """Return in one line why a server did not answer: the driver wraps it up in addresses, again and again."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno)
        cause = cause.__cause__
    return " ".join(str(error).split())


def query(name: str) -> Query:
    """Return a query by its name. What people write reaches it only as parameters."""
    return Query(_CYPHER[name])


def _tried(work: Callable[[AsyncSession], Awaitable[_T]]) -> Callable[[AsyncSession], Awaitable[_T]]:
    """Try again what may do then: at once, where a server may just have come back, but a closed port only once more."""

    async def done(session: AsyncSession) -> _T:
        pause, lost = _PAUSE_SECONDS, False
        while True:
            try:
                return await work(session)
            except DriverError as error:
                if lost or not error.is_retryable():
                    raise
                lost = True
            except Neo4jError as error:
                if not error.is_retryable():
                    raise
                await asyncio.sleep(pause)
                pause *= 2

    return done


async def rows(transaction: AsyncManagedTransaction, name: str, **given: Any) -> list[Any]:
    """Return the rows of a query."""
    result = await transaction.run(_CYPHER[name], given)
    return [record async for record in result]
