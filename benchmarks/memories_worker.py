"""How soon a worker asks for work with memory on, and that it loads no more than that needs."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks import stage
from benchmarks.figures import Figure

_STARTS = 3
_HEAVY = {"mem0", "torch", "qdrant_client", "neo4j"}
_READY_SECONDS = 60
_PIPE = asyncio.subprocess.PIPE


async def measure() -> list[Figure]:
    """Start and stop a worker several times, with memory and without."""
    async with stage.server() as running:
        address = running.settings.temporal.profile().address
        assert address is not None
        await _start(address)  # Python writes its compiled files.
        on = [(await _start(address))[0] for _ in range(_STARTS)]
        off = [(await _start(address, MEM0_ENABLED="false"))[0] for _ in range(_STARTS)]
        loaded = (await _start(address, watched=True))[1]
    return [
        Figure.at_most("worker start with memory on, median of 3", median(on), "s", limit=2),
        Figure.printed("worker start with memory off, median of 3", median(off), "s"),
        Figure.at_most(f"of {', '.join(sorted(_HEAVY))}, it loads", len(loaded), "", limit=0),
    ]


async def _start(address: str, *, watched: bool = False, **more: str) -> tuple[float, set[str]]:
    """Start a worker, stop it, and return the seconds until it was ready and the heavy packages that it loaded."""
    command = [sys.executable, *(("-X", "importtime") if watched else ()), "-m", "perdure", "worker"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "PERDURE_"))}
    with tempfile.TemporaryDirectory(prefix="perdure-bench-") as home:
        log = Path(home) / "stderr"
        with log.open("wb") as told:
            began = time.perf_counter()
            process = await asyncio.create_subprocess_exec(
                *(*command, "--address", address, "--json"),
                env={**environ, "PERDURE_HOME": home, **more},
                stdout=_PIPE,
                stderr=told,
            )
            assert process.stdout is not None
            ready = await asyncio.wait_for(process.stdout.readline(), _READY_SECONDS)
            seconds = time.perf_counter() - began
            process.terminate()
            await process.wait()
        assert ready, f"the worker ended before it was ready:\n{log.read_text()}"
        return seconds, _HEAVY & _packages(log.read_text())


def _packages(told: str) -> set[str]:
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in told.splitlines()}
