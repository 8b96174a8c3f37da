"""Rules that tests put together: always the same, trouble at first, a halt at some request."""

from __future__ import annotations

import asyncio
import threading

from tests.support.answers import Answer, Rule, Text, hang
from tests.support.chat import ChatRequest
from tests.support.model_server import ModelServer, Record
from tests.support.scripts import teams
from tests.support.waiting import until


def always(answer: Answer) -> Rule:
    """One answer for all."""
    return lambda _: answer


def at_first(*troubles: Answer, then: Rule = teams) -> Rule:
    """Trouble at the first tries of each request, then the script."""

    def rule(request: ChatRequest) -> Answer:
        return troubles[request.attempt - 1] if request.attempt <= len(troubles) else then(request)

    return rule


def halt_after(calls: int, *, then: Rule = teams) -> Rule:
    """Answer some requests by the script and none after them."""
    answered = _Counter()

    def rule(request: ChatRequest) -> Answer:
        return then(request) if answered.next() <= calls else hang()

    return rule


class _Counter:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def next(self) -> int:
        with self._lock:
            self._count += 1
            return self._count


def says(text: str) -> Rule:
    """One text for all."""
    return always(Text(text))


def waiting(record: Record) -> bool:
    """Whether a request has no answer yet."""
    return record.outcome == "waiting"


def disconnected(record: Record) -> bool:
    """Whether the client went away before its answer."""
    return record.outcome == "disconnected"


async def until_waiting(server: ModelServer, count: int) -> None:
    """Return when so many requests wait for their answer, and no other comes for a moment."""
    await until(lambda: server.count(waiting) >= count, seconds=15, what=f"{count} waiting requests")
    await asyncio.sleep(0.05)
