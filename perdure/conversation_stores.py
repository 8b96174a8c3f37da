"""The stores of conversations that the settings name: pieces of texts, recorded answers, checkpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from contracts.conversation_ports import CheckpointStore, ResultJournal, SegmentStore
from perdure.settings import Settings


@dataclass(frozen=True, kw_only=True)
class ConversationStores:
    """What holds the texts of conversations."""

    segments: SegmentStore
    journal: ResultJournal
    checkpoints: CheckpointStore


@asynccontextmanager
async def open_conversation_stores(settings: Settings) -> AsyncIterator[ConversationStores]:
    """Open them for the length of a block: in PostgreSQL where `database_url` is set, else in the data folder.

    Raises:
        BackendUnavailable: the database does not answer, or the file cannot be written.
    """
    if settings.database_url is None:
        async with _sqlite(settings) as stores:
            yield stores
        return
    async with _postgres(settings.database_url.get_secret_value()) as stores:
        yield stores


@asynccontextmanager
async def _sqlite(settings: Settings) -> AsyncIterator[ConversationStores]:
    from memory.cached_segments import CachedSegmentStore
    from memory.sqlite_checkpoints import SqliteCheckpointStore
    from memory.sqlite_database import SqliteDatabase
    from memory.sqlite_journal import SqliteResultJournal
    from memory.sqlite_segments import SqliteSegmentStore

    database = SqliteDatabase(settings.home / "perdure.db")
    try:
        yield ConversationStores(
            segments=CachedSegmentStore(SqliteSegmentStore(database)),
            journal=SqliteResultJournal(database),
            checkpoints=SqliteCheckpointStore(database),
        )
    finally:
        database.close()


@asynccontextmanager
async def _postgres(url: str) -> AsyncIterator[ConversationStores]:
    from memory.cached_segments import CachedSegmentStore
    from memory.postgres_checkpoints import PostgresCheckpointStore
    from memory.postgres_journal import PostgresResultJournal
    from memory.postgres_pool import PostgresPool
    from memory.postgres_segments import PostgresSegmentStore

    pool = PostgresPool(url)
    try:
        await pool.start()
        yield ConversationStores(
            segments=CachedSegmentStore(PostgresSegmentStore(pool)),
            journal=PostgresResultJournal(pool),
            checkpoints=PostgresCheckpointStore(pool),
        )
    finally:
        await pool.close()
