"""Memory that is opened when it is first needed."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from perdure.settings import Settings
from perdure.stores import Opening

if TYPE_CHECKING:
    from perdure.memory_stores import OpenedMemory


class MemoryOpening:
    """Memory that is opened when it is first needed, once, and closed by whoever made this."""

    def __init__(self, stores: Opening, settings: Settings | None = None) -> None:
        """Prepare it.

        Args:
            stores: in whose database memories are; close them after this.
            settings: by default those of the environment and `perdure.toml`.
        """
        self._stores = stores
        self._settings = settings
        self._exits = AsyncExitStack()
        self._lock = asyncio.Lock()
        self._memory: OpenedMemory | None = None

    async def opened(self) -> OpenedMemory:
        """Return what is opened. See `perdure.memory_stores.open_memory`."""
        from perdure.memory_stores import open_memory

        async with self._lock:
            if self._memory is None:
                settings = self._settings or Settings.load()
                opening = open_memory(settings, await self._stores.opened())
                self._memory = await self._exits.enter_async_context(opening)
            return self._memory

    async def close(self) -> None:
        """Close what was opened. Doing so twice changes nothing."""
        self._memory = None
        await self._exits.aclose()
