"""A database of the revision before there were memories is brought to today's, with what is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from pydantic import SecretStr
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from contracts.memories import MemoryCommit
from contracts.state import Commit, Place
from memory.memory_ledger import SqlMemoryLedger
from memory.sql import migrations
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.memory_ledgers import EMBEDDER, draft
from tests.support.postgres import PostgresServer
from tests.support.state_backends import StateBackend

_VERSION = (
    "INSERT INTO versions (seq, tenant, branch, namespace, key, version, value, gone, actor, written_at)"
    " VALUES (7, 'default', 'main', 't', 'a', 1, '\"kept\"', false, '', 5)"
)


@pytest.fixture
async def old_settings(kind: StateBackend, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings that lead to a database of revision 0003 with a document."""
    async with _empty(kind.postgres, tmp_path) as (url, settings):
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(_make_old)
        await engine.dispose()
        yield settings


@asynccontextmanager
async def _empty(postgres: PostgresServer | None, folder: Path) -> AsyncIterator[tuple[str, Settings]]:
    if postgres is None:
        yield f"sqlite+aiosqlite:///{folder / 'state.db'}", Settings(home=folder)
        return
    async with postgres.database() as name:
        url = postgres.url(name)
        driver = url.replace("postgresql://", "postgresql+asyncpg://", 1)
        yield driver, Settings(home=folder, database_url=SecretStr(url))


def _make_old(connection: Connection) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    command.upgrade(config, "0003")
    connection.execute(text(_VERSION))
    connection.execute(text("UPDATE clock SET sequence = 7, now = 5"))


async def test_what_was_there_is_kept_and_memories_can_be_added(old_settings: Settings) -> None:
    place = Place(namespace="t", key="a")
    for added in (1, 2):
        async with open_stores(old_settings) as stores:
            found = await stores.state.get(place)
            assert found is not None
            assert (found.value, found.sequence) == ("kept", 7)
            ledger = SqlMemoryLedger(stores.database)
            await ledger.commit(
                MemoryCommit(drafts=(draft("new"),)), stems=[("new",)], vectors=[None], embedder=EMBEDDER
            )
            counts = await ledger.counts(tenant="default", branch="main", scopes=None)
            assert counts["status"] == {"active": added}
            assert (await stores.state.commit(Commit())).sequence > 7
