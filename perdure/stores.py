"""The stores of state, context and events, put together as the settings say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from contracts.ports import ContextStore, DeliveryBus, EventLog, StateStore, WakeUps
from perdure.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Stores:
    """What holds state, contexts and events, and what tells of changes."""

    state: StateStore
    contexts: ContextStore
    events: EventLog
    wake_ups: WakeUps
    bus: DeliveryBus


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
        yield await _put_together(settings, exits)


async def _put_together(settings: Settings, exits: AsyncExitStack) -> Stores:
    raise NotImplementedError(f"{settings} {exits}")


class Opening:
    """Stores that are opened when they are first needed, once, and closed by whoever made this."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._exits = AsyncExitStack()
        self._lock = asyncio.Lock()
        self._stores: Stores | None = None

    async def opened(self) -> Stores:
        """Return the stores. See `open_stores`."""
        async with self._lock:
            if self._stores is None:
                self._stores = await self._exits.enter_async_context(open_stores(self._settings))
            return self._stores

    async def close(self) -> None:
        """Close what was opened. Doing so twice changes nothing."""
        self._stores = None
        await self._exits.aclose()
