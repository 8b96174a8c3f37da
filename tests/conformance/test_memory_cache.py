"""What a cache of memory promises: see `contracts.memory_ports.MemoryCache`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from contracts.recall_ports import MemoryCache
from memory.process_memory_cache import ProcessMemoryCache
from memory.redis_connection import RedisConnection
from memory.redis_memory_cache import RedisMemoryCache
from tests.support.redis import RedisServer

LONG = timedelta(minutes=1)


class Clock:
    """Seconds, which the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def connection(redis_server: RedisServer) -> AsyncIterator[RedisConnection]:
    connection = RedisConnection(redis_server.url)
    yield connection
    await connection.close()


@pytest.fixture(params=["process", "redis"])
def cache(request: pytest.FixtureRequest, clock: Clock) -> MemoryCache:
    near = ProcessMemoryCache(max_bytes=2_000, clock=clock)
    if request.param == "process":
        return near
    connection = request.getfixturevalue("connection")
    return RedisMemoryCache(connection, near=near, prefix=secrets.token_hex(4), clock=clock)


async def test_what_is_kept_is_found_under_its_version_only(cache: MemoryCache) -> None:
    assert await cache.get("search:a", version=3) is None
    await cache.put("search:a", b"\x00 answer \xff", version=3, ttl=LONG)
    assert await cache.get("search:a", version=3) == b"\x00 answer \xff"
    assert await cache.get("search:a", version=4) is None
    assert await cache.get("search:b", version=3) is None


async def test_hits_and_misses_are_counted_by_kind(cache: MemoryCache) -> None:
    await cache.put("search:a", b"1", version=1, ttl=LONG)
    for key in ("search:a", "search:a", "search:b", "context:a"):
        await cache.get(key, version=1)
    counts = cache.counts()
    assert (counts["search"]["hits"], counts["search"]["misses"]) == (2, 1)
    assert (counts["context"]["hits"], counts["context"]["misses"]) == (0, 1)


async def test_nothing_is_handed_out_after_its_time(cache: MemoryCache, clock: Clock) -> None:
    await cache.put("search:a", b"1", version=1, ttl=timedelta(seconds=10))
    clock.now += 9
    assert await cache.get("search:a", version=1) == b"1"
    clock.now += 2
    assert await cache.get("search:a", version=1) is None


async def test_an_older_answer_never_replaces_a_later_one(clock: Clock) -> None:
    cache = ProcessMemoryCache(clock=clock)
    await cache.put("search:a", b"new", version=2, ttl=LONG)
    await cache.put("search:a", b"old", version=1, ttl=LONG)
    assert await cache.get("search:a", version=2) == b"new"


async def test_what_was_read_longest_ago_goes_first_where_there_is_no_room(clock: Clock) -> None:
    cache = ProcessMemoryCache(max_bytes=2_000, clock=clock)
    for key in ("search:a", "search:b"):
        await cache.put(key, b"x" * 500, version=1, ttl=LONG)
    await cache.get("search:a", version=1)
    await cache.put("search:c", b"x" * 500, version=1, ttl=LONG)
    kept = [key for key in "abc" if await cache.get(f"search:{key}", version=1)]
    assert kept == ["a", "c"]
    await cache.put("search:huge", b"x" * 5_000, version=1, ttl=LONG)
    assert await cache.get("search:huge", version=1) is None


async def test_what_one_process_found_another_has(connection: RedisConnection, clock: Clock) -> None:
    one, two = (
        RedisMemoryCache(connection, near=ProcessMemoryCache(clock=clock), prefix="shared", clock=clock)
        for _ in range(2)
    )
    await one.put("search:a", b"1", version=7, ttl=timedelta(seconds=10))
    assert [await two.get("search:a", version=7) for _ in range(2)] == [b"1", b"1"]
    assert two.counts()["search"] == {"hits": 2, "misses": 0, "from_redis": 1}
    clock.now += 11
    assert await two.get("search:a", version=7) is None


async def test_without_redis_it_keeps_in_the_process(clock: Clock) -> None:
    away = RedisConnection("redis://127.0.0.1:1/0")
    cache = RedisMemoryCache(away, near=ProcessMemoryCache(clock=clock), clock=clock)
    await asyncio.wait_for(cache.put("search:a", b"1", version=1, ttl=LONG), 2)
    assert await cache.get("search:a", version=1) == b"1"
    assert await cache.get("search:b", version=1) is None
    await away.close()
