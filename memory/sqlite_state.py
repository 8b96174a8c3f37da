"""State in one SQLite file: a thread that commits in groups, and readers beside it.

`synchronous=FULL`: what was committed outlives a power loss. Before each transaction the processes that share the file
queue at a lock of the operating system (`flock`), which is fair enough; SQLite's own waiting is not (measured: 1.4 s
for the worst write of four processes, 72 ms with `flock`).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from contracts.errors import BackendUnavailable
from contracts.ports import WakeUps
from memory.local_files import check_local
from memory.sql.database import Dialect, Statement
from memory.sqlite_writer import SqliteWriter, unavailable
from memory.state.world import Command

_T = TypeVar("_T")
_READERS = 4


class SqliteStateDatabase:
    """A file of state that several processes of one machine may share.

    Args:
        file: where it is; its folder is made if it is not there.
        wake_ups: told of each group that was committed.
        patience: seconds that a write waits for the lock.

    Raises:
        BackendUnavailable: the file cannot be opened or written.
        ConfigurationError: it is on a network file system, or a newer Perdure has migrated it.
    """

    def __init__(self, file: Path, *, wake_ups: WakeUps, patience: float = 30.0) -> None:
        check_local(file)
        self._file = file
        self._wake_ups = wake_ups
        self._announcing: set[asyncio.Task[None]] = set()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unavailable(file, error) from error
        self._writer = SqliteWriter(file, committed=self._committed, patience=patience)
        self._engine = create_async_engine(f"sqlite+aiosqlite:///{file}", pool_size=_READERS, max_overflow=0)
        event.listen(self._engine.sync_engine, "connect", _prepare_reader)
        event.listen(self._engine.sync_engine, "begin", _begin_reading)

    @property
    def dialect(self) -> Dialect:
        """See `Database.dialect`."""
        return "sqlite"

    async def read(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """See `Database.read`."""
        try:
            async with self._engine.connect() as connection:
                return await work(connection)
        except (DBAPIError, sqlite3.Error, OSError) as error:
            raise unavailable(self._file, error) from error
        except PoolTimeout as error:
            raise BackendUnavailable(f"the database {self._file} has too many readers at once: ask again") from error

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
        await asyncio.get_running_loop().run_in_executor(None, self._writer.close)
        await self._engine.dispose()

    def _committed(self, sequence: int) -> None:
        task = asyncio.get_running_loop().create_task(self._wake_ups.announce(sequence))
        self._announcing.add(task)
        task.add_done_callback(self._announcing.discard)


def _prepare_reader(connection: Any, record: object) -> None:
    del record
    # The driver would begin a transaction only before a write; a snapshot needs one before the first read.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _begin_reading(connection: Connection) -> None:
    # Straight to the driver, which goes to the thread and back once.
    connection.connection.dbapi_connection.run_async(lambda driver: driver.execute("BEGIN"))  # type: ignore[union-attr]
