from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from contracts.ports import DeliveryBus
from events.in_process_bus import InProcessDeliveryBus
from memory.redis_bus import RedisDeliveryBus
from memory.redis_connection import RedisConnection
from tests.support.redis import RedisServer

LONG = timedelta(seconds=5)
SHORT = timedelta(seconds=0.05)


def redis_bus(server: RedisServer, stack: AsyncExitStack, *, consumer: str, prefix: str) -> RedisDeliveryBus:
    connection = RedisConnection(server.url, patience=timedelta(seconds=10), rest=timedelta(seconds=0.1))
    stack.push_async_callback(connection.close)
    bus = RedisDeliveryBus(connection, consumer=consumer, prefix=prefix, abandoned=timedelta(seconds=0.2))
    stack.push_async_callback(bus.close)
    return bus


@pytest.fixture(params=["in-process", "redis"])
async def bus(request: pytest.FixtureRequest, redis_server: RedisServer) -> AsyncIterator[DeliveryBus]:
    if request.param == "in-process":
        yield InProcessDeliveryBus()
        return
    async with AsyncExitStack() as stack:
        yield redis_bus(redis_server, stack, consumer="ann", prefix=request.node.name)


async def seconds(bus: DeliveryBus, within: timedelta) -> float:
    began = time.monotonic()
    await bus.wait(within=within)
    return time.monotonic() - began


async def test_who_waits_is_told(bus: DeliveryBus) -> None:
    waiting = asyncio.create_task(seconds(bus, LONG))
    await asyncio.sleep(0.05)
    await bus.tell(["ada"])
    assert await waiting < 1


async def test_what_was_told_before_counts_once(bus: DeliveryBus) -> None:
    await bus.tell(["ada", "bob"])
    assert await seconds(bus, LONG) < 1
    assert await seconds(bus, SHORT) >= SHORT.total_seconds() * 0.9


async def test_nothing_told_is_a_wait_of_that_time(bus: DeliveryBus) -> None:
    await bus.tell([])
    assert await seconds(bus, SHORT) >= SHORT.total_seconds() * 0.9


async def test_a_hint_goes_to_one_worker_of_many(redis_server: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        ann, ben = (redis_bus(redis_server, stack, consumer=name, prefix="one-of-many") for name in ("ann", "ben"))
        await ann.tell(["ada"])
        await ann.wait(within=LONG)
        assert await seconds(ben, SHORT) >= SHORT.total_seconds() * 0.9


async def test_the_hint_of_a_worker_that_died_goes_to_another_one(redis_server: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        dead, alive = (redis_bus(redis_server, stack, consumer=name, prefix="dead") for name in ("dead", "alive"))
        await dead.tell(["ada"])
        await dead.wait(within=LONG)
        assert await seconds(alive, SHORT) >= SHORT.total_seconds() * 0.9
        await asyncio.sleep(0.2)
        assert await seconds(alive, LONG) < 1


async def test_an_emptied_server_is_joined_again(redis_server: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        bus = redis_bus(redis_server, stack, consumer="ann", prefix="emptied")
        await bus.tell(["ada"])
        await bus.wait(within=LONG)
        await redis_server.ask("DEL", "emptied:deliveries")
        await bus.wait(within=SHORT)
        await bus.tell(["ada"])
        assert await seconds(bus, LONG) < 1


async def test_without_a_server_a_wait_takes_its_time_and_nothing_is_raised() -> None:
    connection = RedisConnection("redis://127.0.0.1:1/0", rest=timedelta(seconds=30))
    bus = RedisDeliveryBus(connection, consumer="ann")
    await bus.tell(["ada"])
    assert await seconds(bus, SHORT) >= SHORT.total_seconds() * 0.9
    assert await seconds(bus, SHORT) >= SHORT.total_seconds() * 0.9
    await bus.close()
    await connection.close()


async def test_a_server_that_is_silent_holds_up_nobody(redis_server: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        bus = redis_bus(redis_server, stack, consumer="ann", prefix="silent")
        await bus.wait(within=SHORT)
        redis_server.freeze()
        try:
            began = time.monotonic()
            await bus.wait(within=SHORT)
            await bus.tell(["ada"])
            assert time.monotonic() - began < 2
        finally:
            redis_server.thaw()
