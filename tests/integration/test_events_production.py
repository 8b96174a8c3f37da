"""The same on PostgreSQL with Redis: two workers share the work, and Redis may go."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from perdure.settings import Settings
from perdure.stores import Stores, open_stores
from tests.support.events import QuickRun, Scene, new_queue
from tests.support.redis import RedisServer

pytestmark = pytest.mark.parametrize("state_backend", ["postgresql-redis"], indirect=True)


def seen_by(client: Client, queue: str, stores: Stores) -> Scene:
    return Scene(
        client=client,
        queue=queue,
        state=stores.state,
        log=stores.events,
        wake_ups=stores.wake_ups,
        bus=stores.bus,
    )


@pytest.fixture
async def pair(client: Client, state_settings: Settings) -> AsyncIterator[tuple[Scene, Scene]]:
    """Two processes' worth of stores on one database."""
    queue = new_queue()
    worker = Worker(client, task_queue=queue, workflows=[QuickRun], workflow_runner=UnsandboxedWorkflowRunner())
    async with open_stores(state_settings) as first, open_stores(state_settings) as second, worker:
        yield seen_by(client, queue, first), seen_by(client, queue, second)


@contextmanager
def frozen(server: RedisServer) -> Iterator[None]:
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


async def test_two_workers_start_each_run_once_while_redis_goes_and_comes(
    pair: tuple[Scene, Scene], redis_server: RedisServer
) -> None:
    ann, ben = pair
    await ann.trigger("greet")
    names = [f"e{number}" for number in range(30)]
    async with ann.serving(name="ann"), ben.serving(name="ben"):
        for name in names[:10]:
            await ann.emit(name, subject=name)
        await ann.idle()
        with frozen(redis_server):
            for name in names[10:20]:
                await ben.emit(name, subject=name)
            await ann.idle()
        await redis_server.restart()
        for name in names[20:]:
            await ann.emit(name, subject=name)
        await ann.idle()
    started = [*ann.started_ids, *ben.started_ids]
    assert sorted(started) == sorted(ann.id_of("greet", name) for name in names)
    assert await ann.dead_letters() == ()
