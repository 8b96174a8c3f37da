"""What stands in front of the database: a cache that may lose all, and wake-ups that may not be heard."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from contracts.state import Document, Place
from memory.redis_cache import RedisStateCache
from memory.redis_connection import RedisConnection
from memory.redis_wakeups import RedisWakeUps
from perdure.ports import HOST
from tests.support.proxy import proxy
from tests.support.redis import RedisServer

PLACE = Place(namespace="tickets", key="a/1")
SECOND = timedelta(seconds=1)


def document(sequence: int, value: object = None) -> Document:
    """A version of the one document."""
    return Document(place=PLACE, value=value, version=1, sequence=sequence, written_at=datetime.now(UTC))


@pytest.fixture
async def connection(redis_server: RedisServer) -> AsyncIterator[RedisConnection]:
    connection = RedisConnection(redis_server.url, rest=timedelta(seconds=0.3))
    yield connection
    await connection.close()


@pytest.fixture
def cache(connection: RedisConnection) -> RedisStateCache:
    return RedisStateCache(connection, stale=timedelta(seconds=0.5), prefix=uuid4().hex)


@asynccontextmanager
async def wake_ups(url: str, *, prefix: str) -> AsyncIterator[RedisWakeUps]:
    """The wake-ups of one process."""
    connection = RedisConnection(url, rest=timedelta(seconds=0.3))
    woken = RedisWakeUps(connection, prefix=prefix, silence=timedelta(seconds=0.2))
    await woken.start()
    yield woken
    await woken.close()
    await connection.close()


async def test_a_document_is_kept_as_it_is(cache: RedisStateCache) -> None:
    assert await cache.get(PLACE) == (False, None)
    kept = document(7, {"a": [1, 2.5, "ä ö", None]})
    await cache.keep(PLACE, kept)
    assert await cache.get(PLACE) == (True, kept)


async def test_an_older_sequence_never_replaces_a_later_one(cache: RedisStateCache) -> None:
    for sequence in (9, 10, 8):
        await cache.keep(PLACE, document(sequence))
    await cache.keep(PLACE, None)
    assert (await _kept(cache)).sequence == 10


async def test_what_is_known_not_to_be_there_gives_way_to_what_is(cache: RedisStateCache) -> None:
    await cache.keep(PLACE, None)
    assert await cache.get(PLACE) == (True, None)
    await cache.keep(PLACE, document(1))
    assert (await _kept(cache)).sequence == 1


async def test_nothing_is_kept_for_longer_than_it_may_be_stale(cache: RedisStateCache) -> None:
    await cache.keep(PLACE, document(1))
    await asyncio.sleep(0.6)
    assert await cache.get(PLACE) == (False, None)


async def test_a_server_that_ends_is_a_miss_and_is_told_of_once(
    cache: RedisStateCache, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    await cache.keep(PLACE, document(1))
    await redis_server.kill()
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            assert await cache.get(PLACE) == (False, None)
            await cache.keep(PLACE, document(2))
        await redis_server.start()
        await asyncio.sleep(0.4)
        await cache.keep(PLACE, document(3))
        assert (await _kept(cache)).sequence == 3
    said = [record.message for record in caplog.records if record.name == "memory.redis_connection"]
    assert len(said) == 2
    assert "does not answer" in said[0]
    assert said[1] == "Redis answers again"


async def test_a_server_behind_a_broken_network_costs_little(cache: RedisStateCache, redis_server: RedisServer) -> None:
    await cache.keep(PLACE, document(1))
    redis_server.freeze()
    try:
        began = time.perf_counter()
        for _ in range(50):
            assert await cache.get(PLACE) == (False, None)
        assert time.perf_counter() - began < 0.5
    finally:
        redis_server.thaw()


async def test_an_announcement_is_heard_here_and_elsewhere(redis_server: RedisServer) -> None:
    prefix = uuid4().hex
    async with wake_ups(redis_server.url, prefix=prefix) as one, wake_ups(redis_server.url, prefix=prefix) as other:
        waits = [asyncio.create_task(each.wait(beyond=4, within=SECOND)) for each in (one, one, other)]
        await asyncio.sleep(0.01)
        await one.announce(4)
        await one.announce(5)
        assert await asyncio.gather(*waits) == [5, 5, 5]
        assert await other.wait(beyond=4, within=SECOND) == 5
        with pytest.raises(TimeoutError):
            await other.wait(beyond=5, within=timedelta(seconds=0.05))


async def test_listening_goes_on_when_the_server_is_back(redis_server: RedisServer) -> None:
    prefix = uuid4().hex
    async with wake_ups(redis_server.url, prefix=prefix) as one, wake_ups(redis_server.url, prefix=prefix) as other:
        await redis_server.kill()
        await one.announce(1)
        assert await one.wait(beyond=0, within=SECOND) == 1
        await redis_server.start()
        await asyncio.sleep(0.8)
        await one.announce(2)
        assert await other.wait(beyond=0, within=SECOND) == 2


async def test_a_subscription_behind_a_broken_network_is_made_anew(redis_server: RedisServer) -> None:
    prefix = uuid4().hex
    async with proxy(redis_server.port) as network:
        url = f"redis://{HOST}:{network.port}/0"
        async with wake_ups(url, prefix=prefix) as one, wake_ups(redis_server.url, prefix=prefix) as other:
            network.part()
            await asyncio.sleep(0.5)  # two silences
            network.join()
            await asyncio.sleep(0.8)
            await other.announce(3)
            assert await one.wait(beyond=0, within=SECOND) == 3


async def _kept(cache: RedisStateCache) -> Document:
    found, kept = await cache.get(PLACE)
    assert found
    assert kept is not None
    return kept
