"""Every backend of every port. A test that takes a port runs on each of its backends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from contracts.conversation_ports import CheckpointStore, ResultJournal, SegmentStore
from memory.cached_segments import CachedSegmentStore
from memory.sqlite_checkpoints import SqliteCheckpointStore
from memory.sqlite_database import SqliteDatabase
from memory.sqlite_journal import SqliteResultJournal
from memory.sqlite_segments import SqliteSegmentStore
from tests.conformance.state_backends import Backend, State, opened
from tests.support.state_backends import DATABASES, StateBackend


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "perdure.db")
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "cached", "cached-tiny"])
def segments(request: pytest.FixtureRequest, database: SqliteDatabase) -> SegmentStore:
    store = SqliteSegmentStore(database)
    if request.param == "sqlite":
        return store
    return CachedSegmentStore(store, max_bytes=8 if request.param == "cached-tiny" else 1024 * 1024)


@pytest.fixture(params=["sqlite"])
def journal(database: SqliteDatabase) -> ResultJournal:
    return SqliteResultJournal(database)


@pytest.fixture(params=["sqlite"])
def checkpoints(database: SqliteDatabase) -> CheckpointStore:
    return SqliteCheckpointStore(database)


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
