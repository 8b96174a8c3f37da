"""A process that watches: it prints how many milliseconds old each change is when it comes."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from perdure.settings import Settings
from perdure.stores import open_stores

_START_SECONDS = 30


@asynccontextmanager
async def watcher(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process; it has printed one line when it is there."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, env=settings.environ(), stdout=asyncio.subprocess.PIPE
    )
    try:
        await asyncio.wait_for(line_of(process), _START_SECONDS)
        yield process
    finally:
        process.terminate()
        await process.wait()


async def line_of(process: asyncio.subprocess.Process) -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def _watch() -> None:
    async with open_stores(Settings.load()) as stores:
        print("watching", flush=True)
        async for change in stores.state.watch("watched/*", since=0):
            print((time.time() - change.document.value) * 1000, flush=True)


if __name__ == "__main__":
    asyncio.run(_watch())
