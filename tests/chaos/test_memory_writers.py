"""Many writers of memories: nothing lost, nothing twice, each sees the others, also under `kill -9`."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from contracts.memories import MemoryCommit
from memory.memory_ledger import SqlMemoryLedger
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.chaos_worker import kill
from tests.support.memory_ledgers import EMBEDDER, draft, vector_of
from tests.support.memory_writer import VIEW, MemoryLoad
from tests.support.state_backends import DATABASES

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.parametrize("state_backend", DATABASES, indirect=True),
]


async def _stored(settings: Settings) -> dict[str, str]:
    """Return the ids of what is there by their texts, and see that each text is there once and has its vector."""
    async with open_stores(settings) as stores:
        ledger = SqlMemoryLedger(stores.database)
        entries, _ = await ledger.entries(VIEW, after=0, embedder=EMBEDDER)
        found = await ledger.get([entry.id for entry in entries], tenant=VIEW.tenant, branch=VIEW.branch)
    assert len({memory.text for memory in found}) == len(found) == len(entries)
    assert [entry.vector for entry in entries] == [vector_of(memory.text) for memory in found]
    return {memory.text: memory.id for memory in found}


async def _ended(loads: Sequence[MemoryLoad], settings: Settings) -> None:
    """Let processes do all of their work."""
    async with AsyncExitStack() as stack:
        children = [await load.start(settings) for load in loads]
        for child in children:
            stack.push_async_callback(child.stop, grace_seconds=0)
        for child in children:
            assert await child.wait() == 0, child.output()


async def test_two_hundred_concurrent_adds_are_all_there_when_it_is_opened_again(state_settings: Settings) -> None:
    async with open_stores(state_settings) as stores:
        ledger = SqlMemoryLedger(stores.database)
        texts = [f"memory {number}" for number in range(200)]
        made = await asyncio.gather(
            *(
                ledger.commit(
                    MemoryCommit(drafts=(draft(text),)), stems=[(text,)], vectors=[vector_of(text)], embedder=EMBEDDER
                )
                for text in texts
            )
        )
    assert await _stored(state_settings) == {one.memories[0].text: one.memories[0].id for one in made}


@pytest.mark.long
async def test_four_processes_write_one_ledger_and_each_sees_what_the_others_wrote(
    state_settings: Settings, tmp_path: Path
) -> None:
    loads = [MemoryLoad(name=f"p{number}", writers=4, times=100, folder=tmp_path) for number in range(4)]
    await _ended(loads, state_settings)
    stored = await _stored(state_settings)
    assert stored.keys() == set[str]().union(*(load.texts for load in loads))
    last = MemoryLoad(name="last", writers=0, times=0, folder=tmp_path)
    await _ended([last], state_settings)
    assert last.seen() == set(stored.values())
    for load in loads:
        assert load.acknowledged().items() <= stored.items()
        assert set(load.acknowledged().values()) <= load.seen() <= set(stored.values())


@pytest.mark.long
async def test_a_writer_that_is_killed_again_and_again_loses_nothing_that_was_acknowledged(
    state_settings: Settings, tmp_path: Path
) -> None:
    load = MemoryLoad(name="killed", writers=8, times=100, folder=tmp_path)
    for number in range(20):
        child = await load.start(state_settings)
        enough = len(load.texts) * number // 21
        while len(load.acknowledged()) <= enough and child.exit_code is None:
            await asyncio.sleep(0.01)
        await asyncio.sleep(random.random() * 0.02)
        await kill(child)
        assert load.acknowledged().items() <= (await _stored(state_settings)).items()
    await _ended([load], state_settings)
    stored = await _stored(state_settings)
    assert stored.keys() == load.texts
    assert load.seen() == set(stored.values())
