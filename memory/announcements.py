"""What this process has heard of new sequences, and who waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta


class Announcements:
    """Wakes those who wait for a sequence. All of it happens in one event loop."""

    def __init__(self) -> None:
        self._latest = 0
        self._waiting: dict[asyncio.Future[int], int] = {}

    def tell(self, sequence: int) -> None:
        """Note that a sequence is there."""
        self._latest = max(self._latest, sequence)
        for waiter, beyond in self._waiting.items():
            if sequence > beyond and not waiter.done():
                waiter.set_result(sequence)

    async def wait(self, *, beyond: int, within: timedelta) -> int:
        """See `WakeUps.wait`."""
        if self._latest > beyond:
            return self._latest
        async with asyncio.timeout(within.total_seconds()):
            with self._waiter(beyond) as waiter:
                return await waiter

    @contextmanager
    def _waiter(self, beyond: int) -> Iterator[asyncio.Future[int]]:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = beyond
        try:
            yield waiter
        finally:
            del self._waiting[waiter]
