"""The connection of a writer of PostgreSQL: one transaction after another, each under the lock of all writers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Self

from sqlalchemy import NullPool, Row
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from memory.postgres_connection import PostgresAddress
from memory.postgres_storage import SQL
from memory.sql.database import Statement

_COMMAND_SECONDS = 15.0
_SETTINGS = {
    # Shorter than the time for a statement, so that whoever waits hears of the lock and not of a silent server.
    "lock_timeout": "10s",
    # A writer that is stopped or cut off within its transaction must not keep the lock from all others.
    "idle_in_transaction_session_timeout": "5s",
    # Nobody who waits for the lock keeps his place once his process is gone.
    "client_connection_check_interval": "1s",
    # A batch looks for few rows by their keys, and plans are made once: also while the tables are small.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}


class PostgresSession:
    """One connection. Transactions are begun and ended by hand, on the driver's connection below SQLAlchemy's."""

    def __init__(self, engine: AsyncEngine, connection: AsyncConnection, driver: Any) -> None:
        self._engine = engine
        self._connection = connection
        self.driver = driver

    @classmethod
    async def open(cls, address: PostgresAddress) -> Self:
        """Connect."""
        connect = partial(address.connect, command_seconds=_COMMAND_SECONDS, settings=_SETTINGS)
        engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
        connection = await engine.connect()
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        driver = (await connection.get_raw_connection()).driver_connection
        return cls(engine, connection, driver)

    @property
    def sql(self) -> AsyncConnection:
        """SQLAlchemy's face of the connection."""
        return self._connection

    async def begin(self) -> None:
        """Begin a transaction, and wait for the lock of all writers."""
        await self.driver.execute(SQL["begin"])

    async def commit(self) -> None:
        """Commit, which gives the lock to the next."""
        await self.driver.execute("COMMIT")

    async def roll_back(self) -> None:
        """Undo the transaction, if there is one."""
        if self.driver.is_in_transaction():
            await self.driver.execute("ROLLBACK")

    async def run(self, statements: Sequence[Statement]) -> list[list[Row[Any]]]:
        """Run statements, all or none of them, and return their rows.

        Raises:
            SQLAlchemyError: one of them failed; the transaction is as it was before.
        """
        await self.driver.execute("SAVEPOINT statements")
        try:
            found = [await self._rows(statement) for statement in statements]
        except SQLAlchemyError:
            if not self.driver.is_closed():
                await self.driver.execute("ROLLBACK TO statements")
            raise
        await self.driver.execute("RELEASE statements")
        return found

    async def close(self) -> None:
        """Close the connection, whatever state it is in, without a word to the server: it may not listen."""
        self.driver.terminate()
        with suppress(SQLAlchemyError, OSError):
            await self._connection.invalidate()
            await self._connection.close()
        await self._engine.dispose()

    async def _rows(self, statement: Statement) -> list[Row[Any]]:
        result = await self._connection.execute(statement[0], statement[1] or None)
        return list(result) if result.returns_rows else []
