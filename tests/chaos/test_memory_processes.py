"""Several processes on one memory: nothing lost, no lock error, each sees at once what the others wrote."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from contracts.memories import Caller
from contracts.memory_ports import MemoryStore
from perdure.memory_stores import open_memory
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.memory_process import SCOPE, Remembering, check_found
from tests.support.state_backends import DATABASES

pytestmark = pytest.mark.parametrize(
    "state_backend", [DATABASES[0], pytest.param(DATABASES[1], marks=pytest.mark.long)], indirect=True
)


@pytest.fixture
async def store(state_settings: Settings) -> AsyncIterator[MemoryStore]:
    async with open_stores(state_settings) as stores, open_memory(state_settings, stores) as memory:
        yield memory.store


async def check_crowd(store: MemoryStore, settings: Settings, folder: Path, *, processes: int, count: int) -> None:
    """Let processes remember, look at what they do meanwhile, and count what is there when they have ended."""
    names = [f"p{number}" for number in range(processes)]
    works = [
        Remembering(name=name, count=count, folder=folder, others=tuple(other for other in names if other != name))
        for name in names
    ]
    async with AsyncExitStack() as stack:
        children = []
        for work in works:
            children.append(await work.start(settings))
            stack.push_async_callback(children[-1].stop, grace_seconds=0)
        while any(child.exit_code is None for child in children):
            for work in works:
                if done := work.done():
                    await check_found(store, work.name, done)
            await asyncio.sleep(0.02)
        for child in children:
            assert child.exit_code == 0, child.output()
            assert "Traceback" not in child.output()
            assert "locked" not in child.output()
    counts = (await store.stats(Caller(scope=SCOPE)))["memories"]
    assert counts["status"] == {"active": processes * count}


async def test_two_processes_and_this_one(store: MemoryStore, state_settings: Settings, tmp_path: Path) -> None:
    await check_crowd(store, state_settings, tmp_path, processes=2, count=8)


@pytest.mark.long
async def test_six_processes_and_this_one(store: MemoryStore, state_settings: Settings, tmp_path: Path) -> None:
    await check_crowd(store, state_settings, tmp_path, processes=6, count=200)
