"""The waits that a run has open, and the activities that begin and end them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from temporalio import workflow

from agents.dispatch import HEARTBEAT_TIMEOUT, RETRIES, STORE_TIMEOUT
from contracts.events import Wait
from contracts.steps import WaitEnded, WaitRegistered

# What is still open when the run ends is unregistered within this time (s), or left to the relay, which drops the waits
# of runs that are closed.
_LEAVE_SECONDS = 1.5


class Waits:
    """The waits that the agents of one run have open.

    Args:
        on_change: told whether any agent waits, each time that this changes.
    """

    def __init__(self, on_change: Callable[[bool], None]) -> None:
        self._on_change = on_change
        self._open: dict[str, None] = {}

    def opened(self, wait: str) -> None:
        """Note a wait that is about to be registered."""
        self._open[wait] = None
        if len(self._open) == 1:
            self._on_change(True)

    def closed(self, wait: str) -> None:
        """Note a wait that is not registered any more."""
        del self._open[wait]
        if not self._open:
            self._on_change(False)

    async def leave(self) -> None:
        """Unregister what is still open because the run ends while agents wait."""
        if not self._open:
            return
        tries: list[asyncio.Future[Any]] = [unregister(wait, activity_id=f"{wait}.left") for wait in self._open]
        await workflow.wait(tries, timeout=_LEAVE_SECONDS)
        for attempt in tries:
            attempt.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
        self._open.clear()
        self._on_change(False)


def register(wait: Wait, *, activity_id: str) -> workflow.ActivityHandle[WaitRegistered]:
    """Keep a wait, so that events that fit are signalled to the run."""
    return workflow.start_activity(
        "register_wait",
        wait,
        result_type=WaitRegistered,
        activity_id=activity_id,
        start_to_close_timeout=STORE_TIMEOUT,
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        retry_policy=RETRIES,
        summary=f"wait for {wait.type}",
    )


def unregister(wait: str, *, activity_id: str) -> workflow.ActivityHandle[None]:
    """Forget a wait."""
    return workflow.start_activity(
        "unregister_wait",
        WaitEnded(wait=wait),
        activity_id=activity_id,
        start_to_close_timeout=STORE_TIMEOUT,
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        retry_policy=RETRIES,
        summary="wait no longer",
    )
