"""The stores as the settings put them together: each kind of database, with Redis in front and without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.state import Commit, Place, Write
from perdure.settings import Settings
from perdure.state import State
from perdure.stores import Opening, Stores, open_stores
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.state_backends import BACKENDS, StateBackend

PLACE = Place(namespace="rooms", key="1")


@pytest.fixture(params=BACKENDS)
async def settings(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer, redis_server: RedisServer
) -> AsyncIterator[Settings]:
    backend = StateBackend(
        postgres=postgres if "postgresql" in request.param else None,
        redis=redis_server if "redis" in request.param else None,
    )
    async with backend.settings(tmp_path / "home") as settings:
        yield settings.model_copy(update={"state_stale_seconds": 0.2})


@pytest.fixture
async def pair(settings: Settings) -> AsyncIterator[tuple[Stores, Stores]]:
    """The stores of two processes, so to speak."""
    async with AsyncExitStack() as exits:
        yield (
            await exits.enter_async_context(open_stores(settings)),
            await exits.enter_async_context(open_stores(settings)),
        )


def put(value: object) -> Commit:
    return Commit(writes=(Write(kind="put", namespace="rooms", key="1", value=value),))


async def test_what_one_writes_another_is_woken_by_and_reads(pair: tuple[Stores, Stores]) -> None:
    one, other = pair
    seen = asyncio.create_task(other.wake_ups.wait(beyond=await other.state.sequence(), within=timedelta(seconds=5)))
    await asyncio.sleep(0.05)
    committed = await one.state.commit(put("mine"))
    assert await seen in (None, committed.sequence)
    found = await other.state.get(PLACE, fresh=True)
    assert found is not None
    assert (found.value, found.sequence) == ("mine", committed.sequence)


async def test_a_plain_read_is_behind_by_no_more_than_the_settings_say(pair: tuple[Stores, Stores]) -> None:
    one, other = pair
    await one.state.commit(put(1))
    assert await other.state.get(PLACE) is not None
    await one.state.commit(put(2))
    await asyncio.sleep(0.25)
    found = await other.state.get(PLACE)
    assert found is not None
    assert found.value == 2


async def test_a_hint_wakes_who_waits_for_deliveries(pair: tuple[Stores, Stores]) -> None:
    one, _ = pair
    waiting = asyncio.create_task(one.bus.wait(within=timedelta(seconds=5)))
    await asyncio.sleep(0.05)
    await one.bus.tell(["lane"])
    async with asyncio.timeout(2):
        await waiting


async def test_stores_are_opened_once_and_when_they_are_needed(tmp_path: Path) -> None:
    stores = Opening(Settings(home=tmp_path / "home"))
    assert not (tmp_path / "home").exists()
    one, other = await asyncio.gather(stores.opened(), stores.opened())
    assert one is other
    document = await State(stores=stores).by("ada", run="r-1").put("rooms/1", 1, why="a try")
    assert (document.author.actor, document.author.run, document.author.why) == ("ada", "r-1", "a try")
    await stores.close()
    await stores.close()
