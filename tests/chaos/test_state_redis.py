"""Redis ends, comes back empty, or is cut off: deciding reads stay right, and watchers lose nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from contracts.ports import StateStore
from contracts.state import Change, Commit, Place, Write
from perdure.ports import HOST
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.proxy import proxy
from tests.support.redis import RedisServer

pytestmark = pytest.mark.parametrize(
    "state_backend", ["sqlite-redis", pytest.param("postgresql-redis", marks=pytest.mark.long)], indirect=True
)
PLACE = Place(namespace="watched", key="d")
BACK_AFTER_CHANGES = 6


async def put(state: StateStore, value: int) -> int:
    """Write the value, which must be one more than the version that is there, and return the sequence."""
    write = Write(kind="put", namespace=PLACE.namespace, key=PLACE.key, value=value, expect=value - 1 or "absent")
    return (await state.commit(Commit(writes=(write,)))).sequence


async def decided(state: StateStore) -> int:
    """What a read that decides finds."""
    found = await state.get(PLACE, fresh=True)
    return 0 if found is None else int(found.value)


@asynccontextmanager
async def watching(state: StateStore) -> AsyncIterator[Callable[[], Awaitable[Change]]]:
    """The changes from the beginning, one after another."""
    changes = state.watch("watched/*", since=0)

    async def next_change() -> Change:
        return await asyncio.wait_for(anext(changes), 10)

    yield next_change


@pytest.fixture
async def other(state_settings: Settings) -> AsyncIterator[StateStore]:
    """The store of another process."""
    async with open_stores(state_settings) as stores:
        yield stores.state


@pytest.mark.parametrize("way", ["ended", "cut-off"])
async def test_while_redis_is_away_reads_decide_rightly_and_watchers_are_late(
    way: str, state: StateStore, other: StateStore, redis_server: RedisServer
) -> None:
    async with watching(other) as next_change:
        await put(state, 1)
        assert (await next_change()).document.value == 1
        await (redis_server.kill() if way == "ended" else _frozen(redis_server))
        for value in (2, 3):
            await put(state, value)
            assert await decided(other) == value
            change = await next_change()
            assert (change.document.value, change.late) == (value, True)
        await (redis_server.start() if way == "ended" else _thawed(redis_server))
        for value in range(4, 4 + BACK_AFTER_CHANGES):
            await asyncio.sleep(0.5)
            await put(state, value)
            change = await next_change()
            assert (change.document.value, await decided(other)) == (value, value)
            if not change.late:
                break
        else:
            pytest.fail("changes are late, though Redis is back")


async def test_redis_that_comes_back_empty_costs_nothing(
    state: StateStore, other: StateStore, redis_server: RedisServer
) -> None:
    async with watching(other) as next_change:
        for value in range(1, 9):
            await put(state, value)
            assert await decided(other) == value
            assert (await next_change()).document.value == value
            if value % 3 == 0:
                await redis_server.restart()


async def test_a_process_that_is_cut_off_from_redis_misleads_nobody_for_long(
    state: StateStore, state_settings: Settings, redis_server: RedisServer
) -> None:
    await put(state, 1)
    async with proxy(redis_server.port) as network:
        apart = state_settings.model_copy(update={"redis_url": SecretStr(f"redis://{HOST}:{network.port}/0")})
        async with open_stores(apart) as stores:
            network.part()
            assert (await state.get(PLACE)) is not None
            began = time.perf_counter()
            await put(stores.state, 2)
            assert time.perf_counter() - began < 1
            assert await decided(state) == 2
            await asyncio.sleep(state_settings.state_stale_seconds)
            found = await state.get(PLACE)
            assert found is not None
            assert found.value == 2
            network.join()


async def test_compare_and_set_is_exact_while_redis_comes_and_goes(
    state: StateStore, other: StateStore, redis_server: RedisServer
) -> None:
    ends = asyncio.Event()

    async def count(store: StateStore) -> int:
        for number in range(40):
            await store.commit(Commit(writes=(Write(kind="patch", namespace="n", key=f"d{number}", value={}),)))
        return 40

    async def come_and_go() -> None:
        while not ends.is_set():
            await redis_server.restart()
            await asyncio.sleep(0.05)

    going = asyncio.create_task(come_and_go())
    await asyncio.gather(count(state), count(other), count(state))
    ends.set()
    await going
    for number in range(40):
        found = await state.get(Place(namespace="n", key=f"d{number}"), fresh=True)
        assert found is not None
        assert found.version == 3


async def _frozen(redis_server: RedisServer) -> None:
    redis_server.freeze()


async def _thawed(redis_server: RedisServer) -> None:
    redis_server.thaw()
