"""Ctrl-C and SIGTERM while a command runs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

_TERMINATED = 143
_INTERRUPTED = 130
ASKED_TO_STOP = (_TERMINATED, _INTERRUPTED)


class Interrupts:
    """Hears the signals that end a command. Make it inside the command's own task.

    Attributes:
        code: the exit code that the signal heard asks for.
    """

    def __init__(self) -> None:
        self.code = 0
        self._main = asyncio.current_task()
        self._first: Callable[[], None] | None = None
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._leave, _TERMINATED)

    def first(self, action: Callable[[], None] | None) -> None:
        """Let the first Ctrl-C do this instead of leaving."""
        self._first = action

    def _interrupt(self) -> None:
        action, self._first = self._first, None
        if action is not None:
            action()
        else:
            self._leave(_INTERRUPTED)

    def _leave(self, code: int) -> None:
        self.code = code
        if self._main is not None:
            self._main.cancel()


def run(command: Callable[[Interrupts], Coroutine[Any, Any, int]]) -> int:
    """Run a command to its end, or to the signal that ends it, and return its exit code."""
    return asyncio.run(_heard(command))


async def _heard(command: Callable[[Interrupts], Coroutine[Any, Any, int]]) -> int:
    interrupts = Interrupts()
    try:
        return await command(interrupts)
    except asyncio.CancelledError:
        return interrupts.code
