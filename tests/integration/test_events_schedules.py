"""Schedules emit one event for each of their times."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from contracts.errors import BadRequest, NotFound
from contracts.events import Event, Schedule
from events.schedules import Schedules
from tests.support.events import Scene, scene

EVENT = {"id": "tick", "source": "/clock", "type": "clock.ticked", "data": {"of": 7}}


@pytest.fixture
async def on(client: Client, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(client, tmp_path) as made:
        yield made


@pytest.fixture
def schedules(on: Scene) -> Schedules:
    return Schedules(on.client, task_queue=on.queue)


def schedule(**fields: Any) -> Schedule:
    return Schedule.model_validate({"name": "tick", "event": EVENT, **fields})


async def ticks(on: Scene) -> tuple[Event, ...]:
    return await on.log.events(after=0, limit=100, tenant=on.tenant)


async def test_each_time_has_one_event(on: Scene, schedules: Schedules) -> None:
    await schedules.put(schedule(every_seconds=1), tenant=on.tenant)
    async with asyncio.timeout(20):
        while len(await ticks(on)) < 3:
            await asyncio.sleep(0.05)
    await schedules.delete("tick", tenant=on.tenant)
    times = [event.time for event in await ticks(on)]
    assert {later - time for time, later in pairwise(times)} == {timedelta(seconds=1)}
    for event in await ticks(on):
        assert (event.type, event.source, event.data) == ("clock.ticked", "/clock", {"of": 7})
        assert event.id == f"tick@{event.time.isoformat()}"
        assert datetime.fromisoformat(event.id.partition("@")[2]).microsecond == 0


async def test_a_schedule_is_made_found_changed_and_ended(on: Scene, schedules: Schedules) -> None:
    made = schedule(cron="0 8 * * 1", timezone="Europe/Vienna", paused=True)
    await schedules.put(made, tenant=on.tenant)
    assert await schedules.get("tick", tenant=on.tenant) == made
    changed = schedule(every_seconds=3600, paused=True)
    await schedules.put(changed, tenant=on.tenant)
    assert await schedules.get("tick", tenant=on.tenant) == changed
    await on.until(lambda: listed(schedules, on.tenant), is_=[changed])
    await schedules.delete("tick", tenant=on.tenant)
    with pytest.raises(NotFound, match="no schedule 'tick'"):
        await schedules.get("tick", tenant=on.tenant)
    with pytest.raises(NotFound, match="no schedule 'tick'"):
        await schedules.delete("tick", tenant=on.tenant)


async def listed(schedules: Schedules, tenant: str) -> list[Schedule]:
    return [found async for found in schedules.list(tenant=tenant)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "exactly one of cron, every_seconds"),
        ({"cron": "0 8 * * 1", "every_seconds": 5}, "exactly one of cron, every_seconds"),
        ({"every_seconds": 0.5}, "every_seconds is 0.5, at least 1 works"),
        ({"cron": "@daily"}, "cron '@daily' must have five fields"),
        ({"cron": "61 8 * * 1"}, "schedule 'tick' cannot be made"),
        ({"cron": "0 8 * * 1", "timezone": "Mars/Phobos"}, "schedule 'tick' cannot be made"),
    ],
)
async def test_a_schedule_that_cannot_be_is_refused(schedules: Schedules, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        await schedules.put(schedule(**fields))
