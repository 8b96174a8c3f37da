"""The stores of state, context and events, put together as the settings say."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.ports import ContextStore, DeliveryBus, EventLog, StateCache, StateStore, WakeUps
from contracts.state import Difference
from events.in_process_bus import InProcessDeliveryBus
from perdure import addresses
from perdure.settings import Settings
from perdure.stack_record import StackFolder

if TYPE_CHECKING:
    from memory.redis_connection import RedisConnection
    from memory.sql.database import Database

_BUS_PATIENCE = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Stores:
    """What holds state, contexts and events, and what tells of changes.

    Attributes:
        database: in which all of it is, memory's ledger too.
        redis: the server of caches; None where there is none.
        prefix: what names in Redis begin with.
    """

    state: StateStore
    contexts: ContextStore
    events: EventLog
    wake_ups: WakeUps
    bus: DeliveryBus
    database: Database
    redis: RedisConnection | None
    prefix: str


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """Open the stores for the length of a block; the database is brought to today's schema before.

    Args:
        settings: `database_url` or `home`, `redis_url` and `state_stale_seconds` are read.

    Raises:
        BackendUnavailable: the database does not answer, or its file cannot be written.
        ConfigurationError: the database is newer than this version, or lies where it cannot be kept safely.
    """
    async with AsyncExitStack() as exits:
        redis = await _redis(settings, exits)
        wake_ups = await _wake_ups(settings, redis, exits)
        database = await _database(settings, wake_ups, exits)
        state = _state(settings, database, wake_ups=wake_ups, redis=redis)
        yield Stores(
            state=state,
            contexts=_contexts(state),
            events=_events(database),
            wake_ups=wake_ups,
            bus=await _bus(settings, exits),
            database=database,
            redis=redis,
            prefix=_prefix(settings),
        )


async def redis_answers(settings: Settings) -> bool:
    """Whether there is a Redis server where the settings say."""
    async with AsyncExitStack() as exits:
        redis = await _redis(settings, exits)
        return redis is not None and bool(await redis.ask(lambda client: client.echo("here"), otherwise=b""))


async def _redis(
    settings: Settings, exits: AsyncExitStack, *, patience: timedelta | None = None
) -> RedisConnection | None:
    if settings.redis_url is None:
        return None
    from memory.redis_connection import RedisConnection

    given = {} if patience is None else {"patience": patience}
    connection = RedisConnection(settings.redis_url.get_secret_value(), **given)
    exits.push_async_callback(connection.close)
    return connection


async def _wake_ups(settings: Settings, redis: RedisConnection | None, exits: AsyncExitStack) -> WakeUps:
    if redis is not None:
        from memory.redis_wakeups import RedisWakeUps

        published = RedisWakeUps(redis, prefix=_prefix(settings))
        exits.push_async_callback(published.close)
        await published.start()
        return published
    if settings.database_url is not None:
        from memory.postgres_wakeups import PostgresWakeUps

        notified = PostgresWakeUps(settings.database_url.get_secret_value())
        exits.push_async_callback(notified.close)
        await notified.start()
        return notified
    from memory.sqlite_wakeups import SqliteWakeUps

    seen = SqliteWakeUps(_file(settings))
    exits.push_async_callback(seen.close)
    return seen


async def _database(settings: Settings, wake_ups: WakeUps, exits: AsyncExitStack) -> Database:
    if settings.database_url is not None:
        from memory.postgres_state import PostgresStateDatabase

        server = PostgresStateDatabase(settings.database_url.get_secret_value(), wake_ups=wake_ups)
        exits.push_async_callback(server.close)
        await server.start()
        return server
    from memory.sqlite_state import SqliteStateDatabase

    StackFolder(settings.home).prepare()
    file = SqliteStateDatabase(_file(settings), wake_ups=wake_ups)
    exits.push_async_callback(file.close)
    return file


def _state(settings: Settings, database: Database, *, wake_ups: WakeUps, redis: RedisConnection | None) -> StateStore:
    from memory.state_store import SqlStateStore

    return SqlStateStore(database, wake_ups=wake_ups, cache=_cache(settings, redis))


def _cache(settings: Settings, redis: RedisConnection | None) -> StateCache | None:
    from memory.memory_cache import MemoryStateCache

    stale = timedelta(seconds=settings.state_stale_seconds)
    if not stale:
        return None
    if redis is not None:
        from memory.redis_cache import RedisStateCache

        return RedisStateCache(redis, stale=stale, prefix=_prefix(settings))
    return MemoryStateCache(stale=stale)


def _contexts(state: StateStore) -> ContextStore:
    from memory.context_store import StateContextStore

    return StateContextStore(state)


def _events(database: Database) -> EventLog:
    from memory.event_log import SqlEventLog

    return SqlEventLog(database)


async def _bus(settings: Settings, exits: AsyncExitStack) -> DeliveryBus:
    # Its reads wait at the server, so it has a connection with more patience than reads of the cache may have.
    redis = await _redis(settings, exits, patience=_BUS_PATIENCE)
    if redis is None:
        return InProcessDeliveryBus()
    from memory.redis_bus import RedisDeliveryBus

    bus = RedisDeliveryBus(redis, consumer=f"{socket.gethostname()}-{secrets.token_hex(6)}", prefix=_prefix(settings))
    exits.push_async_callback(bus.close)
    return bus


def _file(settings: Settings) -> Path:
    return settings.home / "state.db"


def _prefix(settings: Settings) -> str:
    """What our names in Redis begin with: two databases may share one server."""
    url = settings.database_url
    database = str(_file(settings)) if url is None else addresses.place(url.get_secret_value())
    return f"perdure:{hashlib.sha256(database.encode()).hexdigest()[:8]}"


def differences(before: Any, after: Any) -> tuple[Difference, ...]:
    """Return the places where two JSON values differ, in order."""
    from memory.state.differences import differences

    return differences(before, after)


class Opening:
    """Stores that are opened when they are first needed, once, and closed by whoever made this."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Prepare stores.

        Args:
            settings: by default those of the environment and `perdure.toml`.
        """
        self._settings = settings
        self._exits = AsyncExitStack()
        self._lock = asyncio.Lock()
        self._stores: Stores | None = None

    async def opened(self) -> Stores:
        """Return the stores. See `open_stores`."""
        async with self._lock:
            if self._stores is None:
                self._stores = await self._exits.enter_async_context(open_stores(self._settings or Settings.load()))
            return self._stores

    async def close(self) -> None:
        """Close what was opened. Doing so twice changes nothing."""
        self._stores = None
        await self._exits.aclose()
