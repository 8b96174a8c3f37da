"""Locks between processes of one machine, by `flock`: the system frees them when a process dies, however it dies."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

_POLL_SECONDS = 0.05


class FileLock:
    """A lock on a file, held by one process alone or shared by several."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def try_acquire(self, *, shared: bool = False) -> bool:
        """Take the lock if nobody is in the way; say whether that worked.

        Raises:
            OSError: the file cannot be written.
        """
        file = self._path.open("ab")
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    async def acquire(self, *, shared: bool = False) -> None:
        """Take the lock as soon as nobody is in the way."""
        while not self.try_acquire(shared=shared):  # noqa: ASYNC110 - flock has no event to wait for
            await asyncio.sleep(_POLL_SECONDS)

    def release(self) -> None:
        """Let go of the lock. Doing so twice changes nothing."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @asynccontextmanager
    async def held(self, *, shared: bool = False) -> AsyncIterator[None]:
        """Hold the lock for the length of a block."""
        await self.acquire(shared=shared)
        try:
            yield
        finally:
            self.release()
