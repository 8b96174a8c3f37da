"""Every backend of every port. A test that takes a port runs on each of its backends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from contracts.conversation_ports import CheckpointStore, ResultJournal, SegmentStore
from memory.cached_segments import CachedSegmentStore
from memory.postgres_checkpoints import PostgresCheckpointStore
from memory.postgres_journal import PostgresResultJournal
from memory.postgres_pool import PostgresPool
from memory.postgres_segments import PostgresSegmentStore
from memory.sqlite_checkpoints import SqliteCheckpointStore
from memory.sqlite_database import SqliteDatabase
from memory.sqlite_journal import SqliteResultJournal
from memory.sqlite_segments import SqliteSegmentStore
from tests.conformance.state_backends import Backend, State, opened
from tests.support.memory_ledgers import LedgerBackend, Memories, opened_ledgers
from tests.support.minds import Mind, MindBackend, opened_minds
from tests.support.postgres import PostgresServer
from tests.support.state_backends import DATABASES, StateBackend


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "perdure.db")
    yield database
    database.close()


@pytest.fixture
async def pool(postgres: PostgresServer) -> AsyncIterator[PostgresPool]:
    async with postgres.database() as name:
        pool = await PostgresPool(postgres.url(name)).start()
        yield pool
        await pool.close()


@pytest.fixture(params=["sqlite", "cached", "cached-tiny", "postgresql"])
def segments(request: pytest.FixtureRequest) -> SegmentStore:
    if request.param == "postgresql":
        return PostgresSegmentStore(request.getfixturevalue("pool"))
    store = SqliteSegmentStore(request.getfixturevalue("database"))
    if request.param == "sqlite":
        return store
    return CachedSegmentStore(store, max_bytes=8 if request.param == "cached-tiny" else 1024 * 1024)


@pytest.fixture(params=DATABASES)
def journal(request: pytest.FixtureRequest) -> ResultJournal:
    if request.param == "postgresql":
        return PostgresResultJournal(request.getfixturevalue("pool"))
    return SqliteResultJournal(request.getfixturevalue("database"))


@pytest.fixture(params=DATABASES)
def checkpoints(request: pytest.FixtureRequest) -> CheckpointStore:
    if request.param == "postgresql":
        return PostgresCheckpointStore(request.getfixturevalue("pool"))
    return SqliteCheckpointStore(request.getfixturevalue("database"))


@pytest.fixture(params=DATABASES, scope="session")
def kind(request: pytest.FixtureRequest) -> StateBackend:
    """Each database; `@pytest.mark.parametrize("kind", BACKENDS, indirect=True)` adds those with Redis."""
    return StateBackend(
        postgres=request.getfixturevalue("postgres") if "postgresql" in request.param else None,
        redis=request.getfixturevalue("redis_server") if "redis" in request.param else None,
    )


@pytest.fixture(scope="session")
async def backend(kind: StateBackend, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Backend]:
    async with opened(kind, tmp_path_factory.mktemp("state")) as backend:
        yield backend


@pytest.fixture
def state(backend: Backend) -> State:
    return State(backend=backend)


@pytest.fixture(scope="session")
async def ledgers(kind: StateBackend, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LedgerBackend]:
    async with opened_ledgers(kind, tmp_path_factory.mktemp("memory")) as backend:
        yield backend


@pytest.fixture
def memories(ledgers: LedgerBackend) -> Memories:
    return Memories(backend=ledgers)


@pytest.fixture(scope="session")
async def mind_backend(kind: StateBackend, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MindBackend]:
    async with opened_minds(kind, tmp_path_factory.mktemp("minds")) as backend:
        yield backend


@pytest.fixture
def mind(mind_backend: MindBackend) -> Mind:
    return Mind.of(mind_backend)
