"""Every backend of every port. A test that takes a port runs on each of its backends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from contracts.ports import CheckpointStore, ResultJournal, SegmentStore
from memory.cached_segments import CachedSegmentStore
from memory.sqlite_checkpoints import SqliteCheckpointStore
from memory.sqlite_database import SqliteDatabase
from memory.sqlite_journal import SqliteResultJournal
from memory.sqlite_segments import SqliteSegmentStore
from tests.conformance.state_backends import OPENERS, Backend, State


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


@pytest.fixture(params=list(OPENERS), scope="session")
async def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Backend]:
    async with OPENERS[request.param](tmp_path_factory.mktemp("state")) as backend:
        yield backend


@pytest.fixture
def state(backend: Backend) -> State:
    return State(backend=backend)
