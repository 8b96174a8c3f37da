"""The activities of flows, tried again as Temporal tries them: nothing is done twice."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.event_emission import EventEmission
from activities.flow_tools import FlowTools
from activities.state_writes import StateWrites
from agents.registry import load_app
from contracts.flows import Assignment
from contracts.state import Author, Emitted, Place, Write
from contracts.steps import EmitEventsRequest, FlowToolRequest, NamedPlace, WriteStateRequest
from memory.sqlite_database import SqliteDatabase
from memory.sqlite_journal import SqliteResultJournal
from perdure.settings import Settings
from perdure.stores import Stores, open_stores
from tests.support import flow_tools
from tests.support.flow_runs import FLOW_APP, put
from tools.registry import TOOLS


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[Stores]:
    async with open_stores(Settings(home=tmp_path)) as stores:
        yield stores


def attempt(number: int, *, activity_id: str = "count:1") -> ActivityEnvironment:
    """The place in which Temporal runs an attempt of an activity."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=number, activity_id=activity_id)
    return environment


def counting(step: str = "count:1") -> WriteStateRequest:
    """Raises a number by one."""
    return WriteStateRequest(
        step="count",
        documents=(NamedPlace(name="counter", namespace="counters", key="c"),),
        assignments=(Assignment(document="counter", patch={"n": "${has(counter.n) ? counter.n + 1 : 1}"}),),
        author=Author(run="run", step=step),
    )


async def _counted(stores: Stores) -> Any:
    found = await stores.state.get(Place(namespace="counters", key="c"), fresh=True)
    return None if found is None else found.value


async def test_a_repeated_attempt_writes_nothing_twice(stores: Stores) -> None:
    writes = StateWrites(stores.state)
    first = await attempt(1).run(writes.write_state, counting())
    await stores.state.commit(put("counters", "c", {"n": 10}))
    again = await attempt(2).run(writes.write_state, counting())
    assert (first.versions, again.versions) == ({"counter": 1}, {"counter": 1})
    assert await _counted(stores) == {"n": 10}


async def test_many_that_write_at_once_all_count(stores: Stores) -> None:
    writes = StateWrites(stores.state)
    names = [f"count:{number}" for number in range(20)]
    await asyncio.gather(*(attempt(1, activity_id=name).run(writes.write_state, counting(name)) for name in names))
    assert await _counted(stores) == {"n": 20}


async def test_an_expected_version_stays_expected(stores: Stores) -> None:
    await stores.state.commit(put("counters", "c", {"n": 1}))
    write = Write(kind="put", namespace="counters", key="c", value={"n": 2}, expect=7)
    with pytest.raises(ApplicationError, match="expected to be at version 7") as failed:
        await attempt(1).run(StateWrites(stores.state).write_state, WriteStateRequest(step="w", writes=(write,)))
    assert (failed.value.type, failed.value.non_retryable) == ("VersionConflict", True)


async def test_a_repeated_attempt_emits_nothing_new(stores: Stores) -> None:
    request = EmitEventsRequest(events=(Emitted(id="1", source="/s", type="told"),))
    emission = EventEmission(stores.state)
    first, again = [await attempt(number).run(emission.emit_events, request) for number in (1, 2)]
    assert first == again
    assert len(await stores.events.events(after=0, limit=10, types=("told",))) == 1


async def test_a_repeated_attempt_calls_no_tool_twice(tmp_path: Path) -> None:
    load_app((FLOW_APP,))
    book, database = secrets.token_hex(4), SqliteDatabase(tmp_path / "perdure.db")
    tools = FlowTools(TOOLS, home=tmp_path, journal=SqliteResultJournal(database))
    request = FlowToolRequest(step="a", tool="note", arguments={"book": book, "text": {"n": 1}})
    outcomes = [await attempt(number).run(tools.call_flow_tool, request) for number in (1, 2)]
    assert [outcome.output for outcome in outcomes] == [{"n": 1}, {"n": 1}]
    assert flow_tools.done[book] == [{"n": 1}]
    database.close()
