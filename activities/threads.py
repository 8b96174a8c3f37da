"""Runs blocking functions beside the event loop.

Each call has a daemon thread of its own. The pool of `asyncio.to_thread` holds few threads on a small machine, so a few
slow tools would hold up all others; and it is joined at exit, so a tool that hangs would keep the worker from stopping.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from typing import Any


async def run_in_thread(function: Callable[[], Any], *, name: str) -> Any:
    """Return what the function returns, or raise what it raises.

    Cancelling the awaiting task ends the wait; the function itself cannot be stopped, and its result is dropped.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()
    context = contextvars.copy_context()

    def work() -> None:
        outcome = context.run(_attempt, function)
        with contextlib.suppress(RuntimeError):  # The loop is closed: nobody waits any more.
            loop.call_soon_threadsafe(_settle, done, outcome)

    threading.Thread(target=work, name=name, daemon=True).start()
    value, error = await done
    if error is not None:
        raise error
    return value


def _attempt(function: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return function(), None
    except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the one who awaits, not to this thread
        return None, error


def _settle(done: asyncio.Future[Any], outcome: tuple[Any, BaseException | None]) -> None:
    if not done.done():
        done.set_result(outcome)
