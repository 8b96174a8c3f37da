"""PostgreSQL goes away, comes back, loses connections and has sessions that sleep: writers lose nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from contracts.errors import BackendUnavailable, BadRequest
from contracts.ports import StateStore
from contracts.state import Author, Commit, Committed, Place, Write
from memory.local_wakeups import LocalWakeUps
from memory.postgres_connection import PostgresAddress
from memory.postgres_journal import PostgresResultJournal
from memory.postgres_pool import PostgresPool
from memory.postgres_session import PostgresSession
from memory.postgres_state import PostgresStateDatabase
from memory.state_store import SqlStateStore
from perdure.settings import Settings
from tests.support.postgres import PostgresServer
from tests.support.proxy import proxy
from tests.support.state_backends import StateBackend

WRITERS = 8


@pytest.fixture
async def settings(postgres: PostgresServer, tmp_path: Path) -> AsyncIterator[Settings]:
    async with StateBackend(postgres=postgres).settings(tmp_path / "home") as settings:
        yield settings


@pytest.fixture
def url(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


@asynccontextmanager
async def opened(url: str, *, patience: float = 30.0) -> AsyncIterator[StateStore]:
    """A store without a cache."""
    wake_ups = LocalWakeUps()
    database = PostgresStateDatabase(url, wake_ups=wake_ups, patience=patience)
    await database.start()
    try:
        yield SqlStateStore(database, wake_ups=wake_ups)
    finally:
        await database.close()


async def put(state: StateStore, key: str, value: object = None, *, actor: str = "") -> Committed:
    """Write a document without saying what is expected: only the store keeps it from being done twice."""
    write = Write(kind="put", namespace="load", key=key, value=value)
    return await state.commit(Commit(writes=(write,), author=Author(actor=actor)))


async def write_on(state: StateStore, key: str, until: asyncio.Event) -> int:
    """Write one version after another, and return how many."""
    for number in count(1):
        await put(state, key, number)
        if until.is_set():
            return number
    raise AssertionError


async def check_versions(state: StateStore, key: str, versions: int) -> None:
    """See that each value was written once, in order."""
    history = await state.history(Place(namespace="load", key=key), limit=versions + 1)
    assert [(document.version, document.value) for document in history] == [(n, n) for n in range(versions, 0, -1)]


@pytest.mark.parametrize("rounds", [pytest.param(1, id="once"), pytest.param(8, id="8-times", marks=pytest.mark.long)])
async def test_a_restart_in_the_middle_of_load_loses_nothing(rounds: int, postgres: PostgresServer, url: str) -> None:
    enough = asyncio.Event()
    async with opened(url) as state:
        writers = [asyncio.create_task(write_on(state, f"d{number}", enough)) for number in range(WRITERS)]
        for _ in range(rounds):
            for end in (postgres.stop, postgres.kill):
                await asyncio.sleep(0.3)
                await end()
                await asyncio.sleep(0.1)
                await postgres.start()
        await asyncio.sleep(0.5)
        enough.set()
        for number, written in enumerate(await asyncio.gather(*writers)):
            await check_versions(state, f"d{number}", written)


@pytest.mark.parametrize("arrives", [True, False], ids=["done", "not-done"])
async def test_a_connection_that_is_lost_at_commit_leaves_no_doubt(
    arrives: bool, postgres: PostgresServer, url: str
) -> None:
    async with (
        proxy(postgres.port) as network,
        opened(url.replace(f":{postgres.port}/", f":{network.port}/")) as state,
    ):
        await put(state, "d", 1)
        for number in (2, 3, 4):
            network.cut_at(b"COMMIT\0", arrives=arrives)
            made = await put(state, "d", number)
            assert made.documents[0].version == number
        await check_versions(state, "d", 4)


async def test_a_server_that_stays_away_is_told_of(postgres: PostgresServer, url: str) -> None:
    async with opened(url, patience=0.5) as state:
        await postgres.stop()
        began = time.perf_counter()
        with pytest.raises(BackendUnavailable, match="check PERDURE_DATABASE_URL"):
            await state.get(Place(namespace="load", key="d"), fresh=True)
        with pytest.raises(BackendUnavailable, match="nothing was written"):
            await put(state, "d", 1)
        assert time.perf_counter() - began < 5
        await postgres.start()
        assert (await put(state, "d", 1)).documents[0].version == 1


@pytest.mark.parametrize("begin", ["BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ"])
async def test_an_idle_transaction_elsewhere_stops_nobody(begin: str, url: str) -> None:
    idle = await asyncpg.connect(url)
    try:
        async with opened(url) as state:
            await put(state, "before", 1)
            await idle.execute(f"{begin}; SELECT count(*) FROM versions; CREATE TABLE elsewhere (id int)")
            await asyncio.wait_for(put(state, "d", 1), 5)
            changes = state.watch("load/*", since=0)
            assert [(await anext(changes)).document.place.key for _ in range(2)] == ["before", "d"]
    finally:
        await idle.close()


async def test_a_lock_that_nobody_gives_back_is_told_of(url: str) -> None:
    address = PostgresAddress(url)
    async with opened(url, patience=0.5) as state:
        sleeper = await PostgresSession.open(address)
        await sleeper.begin()
        with pytest.raises(BackendUnavailable, match=r"nothing was written.*pg_locks"):
            await put(state, "d", 1)
        await sleeper.roll_back()
        await sleeper.close()
        assert (await put(state, "d", 1)).documents[0].version == 1


@pytest.mark.long
async def test_a_writer_that_sleeps_in_its_transaction_loses_the_lock(url: str) -> None:
    sleeper = await PostgresSession.open(PostgresAddress(url))
    await sleeper.begin()
    async with opened(url) as state:
        began = time.perf_counter()
        await put(state, "d", 1)
        assert timedelta(seconds=time.perf_counter() - began) < timedelta(seconds=8)
    await sleeper.close()


async def test_what_the_database_does_not_take_fails_alone(url: str) -> None:
    async with opened(url) as state:
        writes = [put(state, f"d{number}", 1, actor="bad\0" if number == 3 else "good") for number in range(8)]
        results = await asyncio.gather(*writes, return_exceptions=True)
    refused = [number for number, result in enumerate(results) if isinstance(result, BadRequest)]
    assert refused == [3]
    assert sum(isinstance(result, Committed) for result in results) == 7


async def test_recorded_answers_are_found_after_a_restart(postgres: PostgresServer, url: str) -> None:
    pool = await PostgresPool(url).start()
    journal = PostgresResultJournal(pool)
    await journal.record("a", request=b"r", answer="x")
    await postgres.kill()
    found = asyncio.create_task(journal.find("a", request=b"r"))
    await asyncio.sleep(0.1)
    await postgres.start()
    assert await found == "x"
    await pool.close()
