"""`perdure` as a user types it: a process of its own, in a folder of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

from perdure.ports import free_port

ROOT = Path(__file__).parents[2]
_OURS = ("PERDURE_", "TEMPORAL_", "OPENAI_")


@dataclass(frozen=True)
class Ended:
    """What a command has said, and how it ended.

    Attributes:
        code: its exit code.
        out: standard output.
        err: standard error.
        seconds: how long it took.
    """

    code: int
    out: str
    err: str
    seconds: float

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


class CommandLine:
    """Types commands in a folder; the data folder is `.perdure` there."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.home = folder / ".perdure"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        # A configuration of Temporal's that this machine has must not lead a test to a server of somebody's.
        ours = {"PYTHONPATH": str(ROOT), "TEMPORAL_CONFIG_FILE": os.devnull}
        self.environ = {**inherited, **ours, **environ}

    def with_(self, **environ: str) -> CommandLine:
        """The same with other variables too."""
        other = CommandLine(self.folder)
        other.environ = {**self.environ, **environ}
        return other

    async def start(self, *arguments: str, stdin: int = DEVNULL) -> Process:
        """Start a command."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "perdure", *arguments),
            cwd=self.folder,
            env=self.environ,
            stdin=stdin,
            stdout=PIPE,
            stderr=PIPE,
            limit=2**24,
        )

    async def run(self, *arguments: str, text: str | None = None, seconds: float = 60) -> Ended:
        """Run a command to its end, with a text as its standard input."""
        process = await self.start(*arguments, stdin=DEVNULL if text is None else PIPE)
        return await ended(process, text=text, seconds=seconds)

    @asynccontextmanager
    async def up(self, *arguments: str) -> AsyncIterator[dict[str, Any]]:
        """Keep a stack up; yields what `perdure up --json` says of it."""
        ports = ("--port", str(free_port()), "--ui-port", str(free_port()))
        process = await self.start("up", "--json", *ports, *arguments)
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            assert line, (await ended(process)).err
            yield json.loads(line)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
            await ended(process)


async def ended(process: Process, *, text: str | None = None, seconds: float = 60) -> Ended:
    """Wait for the end of a command that was started, and kill it when the time is over."""
    began = time.monotonic()
    try:
        out, err = await asyncio.wait_for(process.communicate(None if text is None else text.encode()), seconds)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode or 0, out.decode(), err.decode(), time.monotonic() - began)
