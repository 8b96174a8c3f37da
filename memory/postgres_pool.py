"""Connections to PostgreSQL for statements that may be repeated, and stand alone."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any, Self

import asyncpg

from memory.postgres_connection import FAILURES, PostgresAddress, is_passing
from memory.sql.statements import statements

SQL = statements("conversations.sql")
_MOST_CONNECTIONS = 8
_COMMAND_SECONDS = 30.0
_AGAIN_SECONDS = 0.2


class PostgresPool:
    """The tables of conversations. It belongs to one event loop.

    Args:
        url: of the database.
        patience: seconds that a statement may take while the server is away.
    """

    def __init__(self, url: str, *, patience: float = 30.0) -> None:
        self._address = PostgresAddress(url)
        self._patience = patience
        connect = partial(self._address.connect, command_seconds=_COMMAND_SECONDS, settings={})
        self._pool: Any = asyncpg.create_pool(
            min_size=0, max_size=_MOST_CONNECTIONS, connect=lambda *_, **__: connect()
        )

    async def start(self, *, keep: timedelta = timedelta(days=30)) -> Self:
        """Make the tables that are missing, and forget what was not used for so long.

        Raises:
            BackendUnavailable: the database does not answer, or takes no such changes.
        """
        await self.run("make")
        await self.run("forget_segments", keep)
        await self.run("forget_results", keep)
        return self

    async def run(self, name: str, *parameters: Any) -> list[Any]:
        """Run a statement by its name and return its rows. One whose connection is lost is done again.

        Raises:
            BackendUnavailable: the database does not answer, or is full or read-only.
        """
        ends = asyncio.get_running_loop().time() + self._patience
        while True:
            try:
                return await self._run(SQL[name], parameters)
            except FAILURES as error:
                if not is_passing(error) or asyncio.get_running_loop().time() > ends:
                    raise self._address.unavailable(error) from error
                await asyncio.sleep(_AGAIN_SECONDS)

    async def close(self) -> None:
        """Close all connections."""
        self._pool.terminate()

    async def _run(self, statement: str, parameters: tuple[Any, ...]) -> list[Any]:
        await self._pool  # opened when it is first used; afterwards this does nothing
        async with self._pool.acquire() as connection:
            if parameters:
                return list(await connection.fetch(statement, *parameters))
            await connection.execute(statement)
            return []
