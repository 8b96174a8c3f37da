"""Tools that the test flows call; what they did is kept by the text that they were given."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from autogen_agentchat.teams import SelectorGroupChat

from agents import TeamContext as Context
from agents import team, tool
from contracts.errors import BadRequest
from tests.support.teams import agents
from tools.registry import ToolContext

done: dict[str, list[Any]] = defaultdict(list)
attempts: Counter[str] = Counter()
at_once: dict[str, list[int]] = defaultdict(list)


@tool
def note(book: str, text: Any) -> Any:
    """Write a text into a book, and return it."""
    done[book].append(text)
    return text


@tool
def double(number: int) -> int:
    """Return twice as much."""
    return 2 * number


@tool
def flaky(book: str, fails: int) -> int:
    """Fail so many times, then return the number of the attempt."""
    attempts[book] += 1
    if attempts[book] <= fails:
        raise RuntimeError(f"attempt {attempts[book]} failed")
    return attempts[book]


@tool
def refuse(book: str) -> None:
    """Refuse what was asked."""
    attempts[book] += 1
    raise BadRequest(f"{book!r} is not asked for like this")


@tool
async def hang(seconds: float = 60) -> str:
    """Take long."""
    await asyncio.sleep(seconds)
    return "at last"


@tool
def large(size: int) -> str:
    """Return a text of so many characters."""
    return "x" * size


@tool
async def together(book: str, item: int, bad: int | None = None) -> int:
    """Take a moment, and keep how many did so at once."""
    at_once[book].append(at_once[book][-1] + 1 if at_once[book] else 1)
    await asyncio.sleep(0.01)
    at_once[book].append(at_once[book][-1] - 1)
    if item == bad:
        raise BadRequest(f"item {item} is bad")
    done[book].append(item)
    return item


@tool
def key_of(context: ToolContext) -> str:
    """Return the key that this call is known by."""
    return context.idempotency_key


@team("failing_at_last", version="1")
def failing_at_last(ctx: Context) -> SelectorGroupChat:
    """A team that fails after its first turn."""

    def choose(messages: Sequence[Any]) -> str:
        if any(message.source == "alice" for message in messages):
            raise RuntimeError("nobody knows who is next")
        return "alice"

    return SelectorGroupChat(agents(ctx, "alice", "bob"), model_client=ctx.model(), selector_func=choose)
