"""What a worker's process takes when it holds many runs."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.app import CACHED_TURNS
from benchmarks.figures import Figure
from benchmarks.stage import Stage, server
from contracts.runs import TranscriptPage
from perdure import connection
from perdure.children import Child

RUNS = 200
_AT_ONCE = 20
_READY_SECONDS = 60
_SETTLED_SECONDS = 3


async def measure() -> list[Figure]:
    """Fill a worker of its own with runs that stay open, and read its resident memory."""
    async with server() as stage, _worker(stage) as child:
        idle = _resident(child.pid)
        began = time.perf_counter()
        places = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(_fill(stage, places) for _ in range(RUNS)))
        seconds = time.perf_counter() - began
        await asyncio.sleep(_SETTLED_SECONDS)
        full = _resident(child.pid)
    return [
        Figure.at_most("worker that holds 200 runs of 20 turns of 2 KB", full, "MiB", limit=1024),
        Figure.printed("worker without a run", idle, "MiB"),
        Figure.printed("a run", (full - idle) / RUNS, "MiB"),
        Figure.printed("seconds for the 4,000 turns, 20 runs at once", seconds, "s"),
    ]


@asynccontextmanager
async def _worker(stage: Stage) -> AsyncIterator[Child]:
    address = str(stage.settings.temporal.address)
    environ = {**os.environ, **stage.settings.environ(), "TEMPORAL_ADDRESS": address}
    root = Path(__file__).parents[1]
    child = await Child.start(
        [sys.executable, root / "worker.py"], environ=environ, log=stage.settings.home / "worker.log"
    )
    try:
        async with asyncio.timeout(_READY_SECONDS):
            while not await connection.worker_identities(stage.client):
                await asyncio.sleep(0.1)
        yield child
    finally:
        await child.stop(grace_seconds=5)


async def _fill(stage: Stage, places: asyncio.Semaphore) -> None:
    """Start a run and wait until it has had its turns and waits for a model that is away."""
    async with places:
        run = await stage.perdure.start("cached", task="Speak at length.")
        handle = stage.client.get_workflow_handle(run.id)
        while (await handle.query("transcript", 10**6, result_type=TranscriptPage)).usage.turns <= CACHED_TURNS:
            await asyncio.sleep(0.1)


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    (kib,) = (int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return kib / 1024
