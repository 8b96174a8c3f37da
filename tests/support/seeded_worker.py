"""A worker in a process of its own, for what depends on the process: ``python -m tests.support.seeded_worker QUEUE``.

Settings come from the environment. It says "ready" and works until its standard input ends.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import worker
from perdure.connection import connect
from perdure.settings import Settings


async def _work(task_queue: str) -> None:
    settings = Settings.load()
    async with AsyncExitStack() as stack:
        built = await worker.build(await connect(settings.temporal), settings, stack, task_queue=task_queue)
        async with built:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)


@asynccontextmanager
async def seeded_worker(task_queue: str, environ: Mapping[str, str]) -> AsyncIterator[None]:
    """Run such a worker until the context ends."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.seeded_worker", task_queue),
        stdin=pipe,
        stdout=pipe,
        env={**os.environ, **environ},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"ready\n"
        yield
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 15)


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1]))
