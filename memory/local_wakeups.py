"""Wake-ups inside of one process."""

from __future__ import annotations

import asyncio
from datetime import timedelta


class LocalWakeUps:
    """Wakes those who wait in this process. Other processes hear nothing of it.

    It belongs to the event loop that it is first used in; other threads tell it through `call_soon_threadsafe`.
    """

    def __init__(self) -> None:
        self._sequence = 0
        self._waiting: dict[asyncio.Future[int], int] = {}

    async def announce(self, sequence: int) -> None:
        """See `WakeUps.announce`."""
        self.tell(sequence)

    def tell(self, sequence: int) -> None:
        """Wake everybody who waits for something lower, at once."""
        self._sequence = max(self._sequence, sequence)
        for future, beyond in list(self._waiting.items()):
            if self._sequence > beyond and not future.done():
                future.set_result(self._sequence)

    async def wait(self, *, beyond: int, within: timedelta) -> int | None:
        """See `WakeUps.wait`."""
        if self._sequence > beyond:
            return self._sequence
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[future] = beyond
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await future
        finally:
            del self._waiting[future]
