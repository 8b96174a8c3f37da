"""Wake-ups by LISTEN: each committed batch of a writer notifies."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

from memory.background import end
from memory.local_wakeups import LocalWakeUps
from memory.postgres_connection import FAILURES, PostgresAddress

CHANNEL = "perdure_sequences"
_AGAIN_SECONDS = 0.5
# A server that is cut off closes no connection. After such a silence it is asked whether it is there.
_SILENCE_SECONDS = 5.0
_ANSWER_SECONDS = 2.0


class PostgresWakeUps:
    """Hears what the writers of all processes notify.

    What is notified while the connection is down is not heard; whoever waits looks after it by himself.

    Args:
        url: of the database.
    """

    def __init__(self, url: str) -> None:
        self._address = PostgresAddress(url)
        self._heard = LocalWakeUps()
        self._listening = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    async def start(self, *, patience: timedelta = timedelta(seconds=2)) -> None:
        """Begin to listen, and wait at most so long until the server has agreed."""
        self._listener = asyncio.create_task(self._listen())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._listening.wait(), patience.total_seconds())

    async def close(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            await end(self._listener)

    async def announce(self, sequence: int) -> None:
        """See `WakeUps.announce`. Other processes have heard of it from the transaction itself."""
        self._heard.tell(sequence)

    async def wait(self, *, beyond: int, within: timedelta) -> int | None:
        """See `WakeUps.wait`."""
        return await self._heard.wait(beyond=beyond, within=within)

    async def _listen(self) -> None:
        while True:
            # Reads and writes tell that the database is away; here it only means that nothing is heard.
            with suppress(*FAILURES):
                await self._hear()
            self._listening.clear()
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _hear(self) -> None:
        connection = await self._address.connect(command_seconds=_ANSWER_SECONDS, settings={})
        ended = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: ended.set())
            await connection.add_listener(CHANNEL, self._take)
            self._listening.set()
            while not ended.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), _SILENCE_SECONDS)
                if not ended.is_set():
                    await connection.execute("SELECT 1")
        finally:
            connection.terminate()

    def _take(self, _connection: Any, _process: int, _channel: str, payload: str) -> None:
        self._heard.tell(int(payload))
