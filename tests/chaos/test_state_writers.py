"""Many writers in several processes: nothing lost, nothing twice, nobody starved, also under `kill -9`."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from contracts.ports import StateStore
from contracts.state import Place
from perdure.children import Child
from perdure.settings import Settings
from tests.support.chaos_worker import kill
from tests.support.state_backends import DATABASES
from tests.support.state_writer import NAMESPACE, Load

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.parametrize("state_backend", DATABASES, indirect=True),
]
COUNTER = Place(namespace=NAMESPACE, key="shared")
# A loaded machine takes longer than the store; the benchmark `state` tells what the store takes.
WORST_SECONDS = 5


@asynccontextmanager
async def running(loads: Sequence[Load], settings: Settings) -> AsyncIterator[list[Child]]:
    """The processes of some loads, gone when the context ends."""
    async with AsyncExitStack() as stack:
        children = []
        for load in loads:
            child = await load.start(settings)
            stack.push_async_callback(child.stop, grace_seconds=0)
            children.append(child)
        yield children


async def ended(children: Sequence[Child]) -> None:
    """Wait for processes, and see that each did all of its work."""
    for child in children:
        assert await child.wait() == 0, child.output()
        assert "Traceback" not in child.output()


async def check_count(state: StateStore, count: int) -> None:
    """See that a counter was counted up so many times: one version for each."""
    found = await state.get(COUNTER, fresh=True)
    assert found is not None
    assert (found.value, found.version) == ({"count": count}, count)
    history = await state.history(COUNTER, limit=count + 1)
    assert [document.value["count"] for document in history] == list(range(count, 0, -1))


@pytest.mark.long
async def test_fifty_writers_on_one_document_count_to_two_thousand(
    state: StateStore, state_settings: Settings, tmp_path: Path
) -> None:
    loads = [Load(name=f"p{number}", key=COUNTER.key, writers=10, times=40, folder=tmp_path) for number in range(5)]
    async with running(loads, state_settings) as children:
        await ended(children)
    await check_count(state, 2_000)


@pytest.mark.parametrize(
    ("kills", "writers", "times"),
    [pytest.param(1, 4, 25, id="once"), pytest.param(20, 10, 100, id="20-times", marks=pytest.mark.long)],
)
async def test_a_writer_that_is_killed_again_and_again_loses_nothing_and_does_nothing_twice(
    kills: int, writers: int, times: int, state: StateStore, state_settings: Settings, tmp_path: Path
) -> None:
    killed, other = [
        Load(name=name, key=COUNTER.key, writers=writers, times=times, folder=tmp_path) for name in ("killed", "other")
    ]
    for number in range(kills):
        async with running([killed], state_settings) as (child,):
            enough = killed.writers * killed.times * number // (kills + 1)
            while killed.done() <= enough and child.exit_code is None:
                await asyncio.sleep(0.01)
            await asyncio.sleep(random.random() * 0.02)
            await kill(child)
            assert child.exit_code != 0
    async with running([killed, other], state_settings) as children:
        await ended(children)
    await check_count(state, 2 * writers * times)


@pytest.mark.long
async def test_four_processes_on_documents_of_their_own_starve_nobody(
    state: StateStore, state_settings: Settings, tmp_path: Path
) -> None:
    times = 500
    loads = [Load(name=f"p{number}", key="own", writers=4, times=times, folder=tmp_path) for number in range(4)]
    async with running(loads, state_settings) as children:
        await ended(children)
    for load in loads:
        for number in range(load.writers):
            found = await state.get(Place(namespace=NAMESPACE, key=f"{load.name}-{number}"), fresh=True)
            assert found is not None
            assert found.version == times
    assert max(load.worst() for load in loads) < WORST_SECONDS
