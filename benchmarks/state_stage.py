"""Databases of state for measurements: a file, and a PostgreSQL server that syncs each commit."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from perdure.settings import Settings
from tests.support.postgres import postgres_server
from tests.support.redis import redis_server
from tests.support.state_backends import StateBackend

DOCUMENTS = 100_000
VERSIONS = 20
FORKED_AT = DOCUMENTS * VERSIONS // 2
# One row for each n from 1 on: the documents in turn, version after version.
_ROW = f"""
SELECT n, 'default', 'main', 'stock', 'd' || (n % {DOCUMENTS}), (n - 1) / {DOCUMENTS} + 1,
       '{{{{"status":"open","count":' || n || ',"note":"{"x" * 200}"}}}}', {{false}},
       CASE WHEN n <= {DOCUMENTS * (VERSIONS - 1)} THEN n + {DOCUMENTS} END, '', n
FROM numbers
"""
_COLUMNS = "seq, tenant, branch, namespace, key, version, value, gone, until_seq, actor, written_at"
_INSERT = f"INSERT INTO versions ({_COLUMNS}) {_ROW}"
_SQLITE_NUMBERS = f"""
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {DOCUMENTS * VERSIONS})
"""
_POSTGRES_NUMBERS = f"WITH numbers (n) AS (SELECT generate_series(1, {DOCUMENTS * VERSIONS}))"


@dataclass(frozen=True, kw_only=True)
class StateStage:
    """One kind of database.

    Attributes:
        name: of the database, for people.
        backend: its servers.
        with_redis: the same with Redis in front.
    """

    name: str
    backend: StateBackend
    with_redis: StateBackend

    @asynccontextmanager
    async def empty(self, *, redis: bool = False) -> AsyncIterator[Settings]:
        """Settings of an empty database that is gone when the context ends."""
        with tempfile.TemporaryDirectory(prefix="perdure-bench-") as folder:
            async with (self.with_redis if redis else self.backend).settings(Path(folder)) as settings:
                yield settings


@asynccontextmanager
async def stages() -> AsyncIterator[list[StateStage]]:
    """Both databases, each with and without Redis."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="perdure-bench-"))
        redis = await stack.enter_async_context(redis_server(Path(folder)))
        postgres = await stack.enter_async_context(postgres_server(fsync=True))
        yield [
            StateStage(name="SQLite", backend=StateBackend(), with_redis=StateBackend(redis=redis)),
            StateStage(
                name="PostgreSQL",
                backend=StateBackend(postgres=postgres),
                with_redis=StateBackend(postgres=postgres, redis=redis),
            ),
        ]


async def fill(settings: Settings) -> None:
    """Put 100,000 documents with 20 versions each into a database that is migrated."""
    if settings.database_url is None:
        await asyncio.to_thread(_fill_sqlite, settings.home / "state.db")
    else:
        await _fill_postgres(settings.database_url.get_secret_value())


def _fill_sqlite(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"{_SQLITE_NUMBERS} {_INSERT.format(false='0')}")
        connection.execute(_clock())
        connection.commit()


async def _fill_postgres(url: str) -> None:
    connection: Any = await asyncpg.connect(url)
    try:
        await connection.execute(f"{_POSTGRES_NUMBERS} {_INSERT.format(false='false')}; {_clock()}; ANALYZE")
    finally:
        await connection.close()


def _clock() -> str:
    return f"UPDATE clock SET sequence = {DOCUMENTS * VERSIONS}, now = {DOCUMENTS * VERSIONS}"
