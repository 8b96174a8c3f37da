"""Memories to measure with: many, of people, from the texts of our own conversations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

from benchmarks.conversations import CONVERSATIONS
from contracts.memories import Caller, MemoryDraft, MemoryScope, MemorySource
from contracts.memory_ports import MemoryStore
from contracts.recall import MemoryQuery, Recollection
from perdure.memory_stores import OpenedMemory, open_memory
from perdure.recall_bench import material
from perdure.settings import Settings
from perdure.stores import open_stores

BATCH = 1000
_THREAD = 20
_FIRST = datetime(2024, 1, 1, tzinfo=UTC)


@asynccontextmanager
async def remembering(settings: Settings) -> AsyncIterator[OpenedMemory]:
    """Open stores and memory for the length of a block."""
    async with open_stores(settings) as stores, open_memory(settings, stores) as memory:
        yield memory


@cache
def _conversations() -> tuple[material.Conversation, ...]:
    return tuple(material.load(CONVERSATIONS))


def questions(count: int) -> list[str]:
    """Return that many different questions, the same each time."""
    texts = {question.text for conversation in _conversations() for question in conversation.questions}
    chosen = Random(1).sample(sorted(texts), min(count, len(texts)))
    return chosen + [f"{text} ({number})" for number, text in enumerate(chosen[: count - len(chosen)])]


def drafts(count: int, scope: MemoryScope, *, seed: int) -> list[MemoryDraft]:
    """Return that many memories: each says what two turns of conversations say."""
    turns = [turn for conversation in _conversations() for turn in conversation.turns]
    choice = Random(seed)
    return [_draft(number, choice.sample(turns, 2), scope) for number in range(count)]


def _draft(number: int, turns: Sequence[material.Turn], scope: MemoryScope) -> MemoryDraft:
    return MemoryDraft(
        text=" ".join(turn.text for turn in turns),
        scope=scope,
        speaker=turns[0].speaker,
        happened_at=_FIRST + timedelta(hours=number % 10_000),
        source=MemorySource(thread=f"t{number // _THREAD}", position=number % _THREAD),
    )


def person(name: str) -> Caller:
    """Return somebody who remembers."""
    return Caller(actor="bench", scope=MemoryScope(user=name))


async def fill(store: MemoryStore, caller: Caller, count: int, *, seed: int = 1) -> float:
    """Add that many memories in batches, and return the seconds that it took."""
    made = drafts(count, caller.scope, seed=seed)
    began = time.perf_counter()
    for start in range(0, count, BATCH):
        await store.add(caller, made[start : start + BATCH])
    return time.perf_counter() - began


async def followed(store: MemoryStore) -> float:
    """Wait until all projections have followed, and return the seconds that it took."""
    began = time.perf_counter()
    everybody = Caller(operator=True)
    while any(one["behind"] for one in (await store.stats(everybody))["projections"].values()):
        await asyncio.sleep(0.2)
    return time.perf_counter() - began


async def ask(store: MemoryStore, caller: Caller, text: str) -> tuple[Recollection, float]:
    """Search, and return the answer with the milliseconds that it took."""
    began = time.perf_counter()
    found = await store.search(caller, MemoryQuery(text=text))
    return found, (time.perf_counter() - began) * 1000
