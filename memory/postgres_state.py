"""State in PostgreSQL: a task that commits in groups, and a pool of readers beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Row
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from contracts.errors import BackendUnavailable
from contracts.ports import WakeUps
from memory.postgres_connection import FAILURES, PostgresAddress, is_passing
from memory.postgres_writer import PostgresWriter
from memory.sql.database import Dialect, Statement
from memory.state.world import Command

_T = TypeVar("_T")
_READERS = 8
_COMMAND_SECONDS = 30.0
_POOL_SECONDS = 10.0
_AGAIN_SECONDS = 0.2


class PostgresStateDatabase:
    """A database that several processes share. It belongs to one event loop.

    Args:
        url: where it is, such as "postgresql://user:password@host:5432/database".
        wake_ups: told of each group that was committed.
        patience: seconds that a read or write may take while the server is away, or a write waits for the lock.
        readers: how many connections read at once.
    """

    def __init__(self, url: str, *, wake_ups: WakeUps, patience: float = 30.0, readers: int = _READERS) -> None:
        self._address = PostgresAddress(url)
        self._wake_ups = wake_ups
        self._patience = patience
        self._announcing: set[asyncio.Task[None]] = set()
        self._writer = PostgresWriter(self._address, committed=self._committed, patience=patience)
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=partial(self._address.connect, command_seconds=_COMMAND_SECONDS, settings={}),
            pool_size=readers,
            max_overflow=0,
            pool_timeout=_POOL_SECONDS,
            # One transaction sees one moment, however many statements it takes.
            execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
        )

    async def start(self) -> None:
        """Bring the database to today's schema, and begin to write.

        Raises:
            BackendUnavailable: the database does not answer, or takes no such changes.
            ConfigurationError: a newer Perdure has migrated it.
        """
        await self._writer.start()

    @property
    def dialect(self) -> Dialect:
        """See `Database.dialect`."""
        return "postgresql"

    async def read(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """See `Database.read`. A read whose connection is lost is done again."""
        ends = asyncio.get_running_loop().time() + self._patience
        while True:
            try:
                async with self._engine.connect() as connection:
                    return await work(connection)
            except PoolTimeout as error:
                raise BackendUnavailable(
                    f"the database at {self._address.name} has too many readers at once: ask again"
                ) from error
            except FAILURES as error:
                if not is_passing(error) or asyncio.get_running_loop().time() > ends:
                    raise self._address.unavailable(error) from error
                await asyncio.sleep(_AGAIN_SECONDS)

    async def submit(self, command: Command[_T]) -> _T:
        """See `Database.submit`."""
        result: _T = await self._writer.submit(command)
        return result

    async def write(self, statements: Sequence[Statement]) -> list[list[Row[Any]]]:
        """See `Database.write`."""
        rows: list[list[Row[Any]]] = await self._writer.write(statements)
        return rows

    async def close(self) -> None:
        """See `Database.close`."""
        await self._writer.close()
        await asyncio.gather(*self._announcing)
        await self._engine.dispose()

    def _committed(self, sequence: int) -> None:
        task = asyncio.get_running_loop().create_task(self._wake_ups.announce(sequence))
        self._announcing.add(task)
        task.add_done_callback(self._announcing.discard)
