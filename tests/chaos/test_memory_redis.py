"""Redis ends, is slow, or comes back empty: searches stay right, and cost one short wait at most."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from perdure.settings import Settings
from tests.support.minds import Mind, MindBackend, minds
from tests.support.redis import RedisServer

pytestmark = pytest.mark.parametrize("state_backend", ["sqlite-redis"], indirect=True)
QUESTION = "Where does Ada live?"


@pytest.fixture
async def backend(state_settings: Settings) -> AsyncIterator[MindBackend]:
    async with minds(state_settings) as backend:
        yield backend


async def check_answers(mind: Mind, *, known: int) -> None:
    """See that both processes find what was written last, and all that was written before."""
    await mind.one(f"Ada lives in house {known}")
    for store in (mind.store, mind.other):
        one = Mind(store=store, other=store, stores=mind.stores, tenant=mind.tenant)
        for _ in range(2):
            assert len(await one.found(QUESTION, limit=100)) == known


async def test_what_one_process_found_the_other_takes_from_redis(backend: MindBackend) -> None:
    mind = Mind.of(backend)
    await mind.one("Ada lives in Porto")
    await mind.found(QUESTION)
    other = Mind(store=mind.other, other=mind.store, stores=mind.stores, tenant=mind.tenant)
    assert (await other.search(QUESTION)).cached
    assert (await other.store.stats(mind.caller()))["cache"]["search"]["from_redis"] == 1


@pytest.mark.parametrize("way", ["ended", "frozen"])
async def test_while_redis_is_away_answers_are_right_and_quick(
    way: str, backend: MindBackend, redis_server: RedisServer
) -> None:
    mind = Mind.of(backend)
    await check_answers(mind, known=1)
    await redis_server.kill() if way == "ended" else redis_server.freeze()
    try:
        began = time.perf_counter()
        await check_answers(mind, known=2)
        assert time.perf_counter() - began < 3
    finally:
        await redis_server.start() if way == "ended" else redis_server.thaw()
    await check_answers(mind, known=3)


async def test_redis_that_comes_back_empty_costs_nothing(backend: MindBackend, redis_server: RedisServer) -> None:
    mind = Mind.of(backend)
    for known in range(1, 5):
        await check_answers(mind, known=known)
        await redis_server.restart()
