"""How soon the command line answers, and how soon a stack is there."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure
from perdure import temporal_binary
from perdure.ports import free_port

HELPS = 10
STARTS = 3
_HEAVY = {"autogen_agentchat", "autogen_core", "autogen_ext", "fastapi", "mem0", "openai", "temporalio"}
_READY_SECONDS = 60
_PERDURE = Path(sys.executable).with_name("perdure")
_PIPE = asyncio.subprocess.PIPE


async def measure() -> list[Figure]:
    """Ask for help several times, then start and stop a stack several times."""
    await _help()  # Python writes its compiled files.
    helps = [await _help() for _ in range(HELPS)]
    loaded = await _loaded_by_help()
    await temporal_binary.find(os.environ, say=print)
    ups = [await _up() for _ in range(STARTS)]
    return [
        Figure.at_most("perdure --help, median of 10", median(helps), "s", limit=0.3),
        Figure.at_most("heavy packages that it loads", len(loaded), "", limit=0),
        Figure.at_most("perdure up to ready, median of 3", median(ups), "s", limit=5),
        Figure.printed("perdure up to ready, the slowest", max(ups), "s"),
    ]


async def _help() -> float:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(_PERDURE, "--help", stdout=_PIPE)
    await process.communicate()
    assert process.returncode == 0, "perdure --help failed"
    return time.perf_counter() - began


async def _loaded_by_help() -> set[str]:
    command = [sys.executable, "-X", "importtime", "-m", "perdure", "--help"]
    process = await asyncio.create_subprocess_exec(*command, stdout=_PIPE, stderr=_PIPE)
    _, told = await process.communicate()
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in told.decode().splitlines()} & _HEAVY


async def _up() -> float:
    ports = ("--port", str(free_port()), "--ui-port", str(free_port()))
    with tempfile.TemporaryDirectory(prefix="perdure-bench-") as home:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "PERDURE_"))}
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            _PERDURE, "up", "--json", *ports, env={**environ, "PERDURE_HOME": home}, stdout=_PIPE
        )
        assert process.stdout is not None
        ready = await asyncio.wait_for(process.stdout.readline(), _READY_SECONDS)
        seconds = time.perf_counter() - began
        assert ready, "perdure up ended before it was ready"
        process.terminate()
        await process.wait()
        return seconds
