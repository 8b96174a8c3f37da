"""Child processes that cannot outlive this one.

A child is started through a line of Python that asks Linux to kill it when the thread that started it ends (so even
`kill -9` of this process leaves nothing behind) and then becomes the program. It has a session of its own: Ctrl-C at
the terminal reaches this process alone, which then stops its children in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

# 1 is PR_SET_PDEATHSIG. A parent that ended before the request was made is seen by the changed parent id. Where there
# is no such call (not Linux) the child is stopped by its parent's orderly end only.
_LAUNCHER = """
import ctypes, os, signal, sys
with_death = getattr(ctypes.CDLL(None), "prctl", None)
if with_death is not None:
    with_death(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    os._exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""
_LOG_BYTES = 8 * 1024 * 1024
_TAIL_BYTES = 16 * 1024


class Child:
    """A running program, its output in a log file. Start it from the main thread: it dies with the thread."""

    def __init__(self, process: asyncio.subprocess.Process, *, log: Path, log_start: int) -> None:
        self._process = process
        self._end = asyncio.create_task(self._reap())
        self._log = log
        self._log_start = log_start

    @classmethod
    async def start(cls, command: Sequence[str | Path], *, environ: Mapping[str, str], log: Path) -> Child:
        """Start a program with just this environment; its output is appended to the log."""
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid())]
        with _open_log(log) as output:
            log_start = output.seek(0, os.SEEK_END)
            process = await asyncio.create_subprocess_exec(
                *launcher,
                *map(str, command),
                env=dict(environ),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return cls(process, log=log, log_start=log_start)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait until it has ended, with all that it started, and return its exit code."""
        return await asyncio.shield(self._end)

    async def stop(self, *, grace_seconds: float) -> None:
        """Ask it to end, and kill it and whatever it started when the time is over."""
        if self.exit_code is None:
            self._signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wait(), grace_seconds)
        if self.exit_code is None:
            self._signal(signal.SIGKILL)
        await self.wait()

    def output(self) -> str:
        """The last 16 KiB of what it has written."""
        with self._log.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_start, size - _TAIL_BYTES))
            return log.read().decode(errors="replace")

    async def _reap(self) -> int:
        exit_code = await self._process.wait()
        self._signal(signal.SIGKILL)
        return exit_code

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the child's whole group, which is named after the child and may outlive it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def _open_log(log: Path) -> IO[bytes]:
    """Open a log for appending; begin it anew when it has grown large."""
    log.parent.mkdir(parents=True, exist_ok=True)
    full = log.exists() and log.stat().st_size > _LOG_BYTES
    return log.open("wb" if full else "ab")
