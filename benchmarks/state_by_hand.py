"""Writes as one would write them by hand: the same tables, one transaction a write, nothing shared between writers."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg

from perdure.settings import Settings

# A plain sequence is the quickest, though a watcher would lose changes by it.
_SEQUENCE = "CREATE SEQUENCE IF NOT EXISTS by_hand START 1000000000"
_CURRENT = """
SELECT seq, version FROM versions
WHERE tenant = 'default' AND branch = 'main' AND namespace = 'by-hand' AND key = {key} AND until_seq IS NULL
"""
_CLOSE = "UPDATE versions SET until_seq = {until} WHERE seq = {seq}"
_INSERT = """
INSERT INTO versions (seq, tenant, branch, namespace, key, version, value, gone, actor, written_at)
VALUES ({seq}, 'default', 'main', 'by-hand', {key}, {version}, {value}, {false}, '', 0)
"""


async def rate(settings: Settings, *, writers: int, times: int) -> float:
    """Return how many writes a second the writers make, each on a document of its own."""
    if settings.database_url is None:
        return await asyncio.to_thread(_sqlite, settings.home / "state.db", writers, times)
    return await _postgres(settings.database_url.get_secret_value(), writers, times)


def _sqlite(file: Path, writers: int, times: int) -> float:
    """One connection for all: several would only wait for each other."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        began = time.perf_counter()
        for number in range(times):
            for writer in range(writers):
                _write(connection, key=f"d{writer}-{began}", version=number + 1)
        return writers * times / (time.perf_counter() - began)


def _write(connection: sqlite3.Connection, *, key: str, version: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    (last,) = connection.execute("UPDATE clock SET sequence = sequence + 1 RETURNING sequence").fetchone()
    current = connection.execute(_CURRENT.format(key="?"), (key,)).fetchone()
    assert (current[1] if current else 0) == version - 1
    if current:
        connection.execute(_CLOSE.format(until="?", seq="?"), (last, current[0]))
    connection.execute(
        _INSERT.format(seq="?", key="?", version="?", value="?", false="0"), (last, key, version, '{"count":1}')
    )
    connection.execute("COMMIT")


async def _postgres(url: str, writers: int, times: int) -> float:
    connections: list[Any] = [await asyncpg.connect(url) for _ in range(writers)]
    await connections[0].execute(_SEQUENCE)
    began = time.perf_counter()
    await asyncio.gather(
        *(_write_on(connection, key=f"d{began}-{number}", times=times) for number, connection in enumerate(connections))
    )
    found = writers * times / (time.perf_counter() - began)
    for connection in connections:
        await connection.close()
    return found


async def _write_on(connection: Any, *, key: str, times: int) -> None:
    """Compare-and-set in a transaction of three statements, as the usual code has it."""
    for version in range(1, times + 1):
        async with connection.transaction():
            current = await connection.fetchrow(_CURRENT.format(key="$1") + "FOR UPDATE", key)
            assert (current["version"] if current else 0) == version - 1
            last = await connection.fetchval("SELECT nextval('by_hand')")
            if current:
                await connection.execute(_CLOSE.format(until="$1", seq="$2"), last, current["seq"])
            insert = _INSERT.format(seq="$1", key="$2", version="$3", value="$4", false="false")
            await connection.execute(insert, last, key, version, '{"count":1}')
