"""Tells the dispatchers of one process that deliveries are due."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta


class InProcessDeliveryBus:
    """Wakes who waits in this process. Workers in other processes find deliveries by their sweep."""

    def __init__(self) -> None:
        self._told = asyncio.Event()

    async def tell(self, lanes: Sequence[str]) -> None:
        """See `DeliveryBus.tell`."""
        if lanes:
            self._told.set()

    async def wait(self, *, within: timedelta) -> None:
        """See `DeliveryBus.wait`. What was told while nobody waited counts for the next one that does."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), within.total_seconds())
            self._told.clear()
