"""Watchers while several stores write: the exact state can be rebuilt, and there is one order."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from typing import Any

import pytest

from contracts.ports import StateStore
from contracts.state import Change, Commit, Query, Write
from perdure.settings import Settings
from perdure.stores import open_stores

KEYS = 12
STORES = 3


async def write_at_random(state: StateStore, seed: int, *, times: int) -> None:
    """Change documents in every way, some of them together."""
    chance = random.Random(seed)
    for number in range(times):
        keys = chance.sample(range(KEYS), chance.randint(1, 3))
        writes = tuple(_write(chance, f"d{key}", {f"f{chance.randint(0, 3)}": [seed, number]}) for key in keys)
        await state.commit(Commit(writes=writes))


def _write(chance: random.Random, key: str, value: dict[str, Any]) -> Write:
    kind: Any = chance.choice(["put", "patch", "patch", "delete"])
    return Write(kind=kind, namespace="watched", key=key, value=None if kind == "delete" else value)


async def watched(state: StateStore, *, since: int, upto: int) -> list[Change]:
    """The changes after one sequence, up to another."""
    changes = []
    async for change in state.watch("watched/*", since=since):
        changes.append(change)
        if change.document.sequence >= upto:
            break
    return changes


@pytest.mark.parametrize("times", [pytest.param(12, id="36"), pytest.param(1500, id="4500", marks=pytest.mark.long)])
async def test_a_watcher_from_the_beginning_rebuilds_the_state(times: int, state_settings: Settings) -> None:
    async with AsyncExitStack() as stack:
        stores = [(await stack.enter_async_context(open_stores(state_settings))).state for _ in range(STORES)]
        writers = [asyncio.create_task(write_at_random(store, seed, times=times)) for seed, store in enumerate(stores)]
        early = asyncio.create_task(_watch_until_written(stores[0], writers))
        await asyncio.gather(*writers)
        last = await stores[0].sequence()
        late, during = await watched(stores[1], since=0, upto=last), await early
        tail = await watched(stores[2], since=late[len(late) // 2].document.sequence, upto=last)
        there = (await stores[0].query(Query(namespace="watched"))).documents
    assert [change.document for change in during] == [change.document for change in late]
    assert [change.document for change in tail] == [change.document for change in late[len(late) // 2 + 1 :]]
    sequences = [change.document.sequence for change in late]
    assert sequences == sorted(set(sequences))
    rebuilt = {change.document.place.key: change.document for change in late}
    assert {key: found for key, found in rebuilt.items() if not found.gone} == {
        found.place.key: found for found in there
    }
    for key in rebuilt:
        versions = [change.document.version for change in late if change.document.place.key == key]
        assert versions == list(range(1, len(versions) + 1))


async def _watch_until_written(state: StateStore, writers: list[asyncio.Task[None]]) -> list[Change]:
    """Watch from the beginning, beside the writers."""
    changes: list[Change] = []
    async for change in state.watch("watched/*", since=0):
        changes.append(change)
        if all(writer.done() for writer in writers) and change.document.sequence >= await state.sequence():
            break
    return changes
