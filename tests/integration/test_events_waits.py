"""Waits are woken by what they wait for, once, and cost nothing while nothing changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection
from temporalio.client import Client, WorkflowHandle

from contracts.events import Wait, Woken
from memory.sql.database import Database, Dialect, Statement
from memory.state.world import Command
from tests.support.events import QUICK, Listener, Scene, scene

T = TypeVar("T")
IDLE_SECONDS = 2.0


class Counted:
    """A database that counts what is asked of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.reads = 0
        self.writes = 0

    @property
    def dialect(self) -> Dialect:
        return self._database.dialect

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        self.reads += 1
        return await self._database.read(work)

    async def submit(self, command: Command[T]) -> T:
        self.writes += 1
        return await self._database.submit(command)

    async def write(self, statements: Sequence[Statement]) -> list[list[Row[Any]]]:
        self.writes += 1
        return await self._database.write(statements)

    async def close(self) -> None:
        await self._database.close()


@pytest.fixture
async def on(client: Client, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(client, tmp_path) as made, made.serving():
        yield made


async def woken(handle: WorkflowHandle[Listener, None]) -> list[Woken]:
    return await handle.query(Listener.woken)


def for_state(on: Scene, handle: WorkflowHandle[Any, Any], *keys: str, id_: str = "w") -> Wait:
    documents = tuple(("tickets", key) for key in keys)
    return Wait(id=f"{id_}-{on.queue}", workflow_id=handle.id, documents=documents, tenant=on.tenant)


def for_event(on: Scene, handle: WorkflowHandle[Any, Any], *, id_: str = "w", **fields: Any) -> Wait:
    values = {"type": "invoice.paid", **fields}
    return Wait(id=f"{id_}-{on.queue}", workflow_id=handle.id, tenant=on.tenant, **values)


async def test_a_change_wakes_who_waits_for_the_document(on: Scene) -> None:
    async with on.listener("ada") as ada, on.listener("bob") as bob:
        await on.log.register(for_state(on, ada, "t-1", "t-2"))
        await on.log.register(for_state(on, bob, "t-3", id_="v"))
        sequence = await on.put("tickets", "t-2", {"status": "open"})
        await on.until(lambda: woken(ada), is_=[Woken(wait=f"w-{on.queue}", sequence=sequence)])
        assert await woken(bob) == []
        again = await on.put("tickets", "t-2", {"status": "done"})
        await on.idle()
        assert [wake.sequence for wake in await woken(ada)] == [sequence, again]


async def test_an_event_wakes_who_waits_for_it(on: Scene) -> None:
    async with on.listener("ada") as ada:
        wait = for_event(on, ada, type="invoice.*", source="/sh*", when="event.data.of == input.of")
        await on.log.register(wait.model_copy(update={"bound": {"input": {"of": 7}}}))
        await on.emit("other-type", type="order.made", data={"of": 7})
        await on.emit("other-source", source="/market", data={"of": 7})
        await on.emit("other-data", data={"of": 8})
        await on.emit("no-data", data={})
        await on.emit("e1", data={"of": 7})
        await on.idle()
        events = [wake.event for wake in await woken(ada)]
        assert [event.id for event in events if event] == ["e1"]
        assert events[0] is not None
        assert events[0].data == {"of": 7}


async def test_an_event_that_came_before_the_wait_was_kept_counts_if_it_was_not_seen(on: Scene) -> None:
    async with on.listener("ada") as ada:
        await on.emit("e0")
        seen = await on.emit("other", type="order.made")
        await on.emit("e1")
        await on.emit("e2")
        await on.idle()
        await on.log.register(for_event(on, ada, after=seen))
        await on.idle()
        assert [wake.event.id for wake in await woken(ada) if wake.event] == ["e1"]


async def test_the_wait_of_a_closed_workflow_is_dropped(on: Scene) -> None:
    async with on.listener("ada") as ada:
        wait = for_state(on, ada, "t-1")
        await on.log.register(wait)
    await on.put("tickets", "t-1", {"status": "open"})
    await on.idle()
    assert await on.log.wait(wait.id) is None
    assert await on.dead_letters() == ()


async def test_a_wait_that_is_over_is_not_woken(on: Scene) -> None:
    async with on.listener("ada") as ada:
        wait = for_state(on, ada, "t-1")
        await on.log.register(wait)
        await on.log.unregister(wait.id)
        await on.put("tickets", "t-1", {"status": "open"})
        await on.idle()
        assert await woken(ada) == []


async def test_a_thousand_waits_cost_nothing_while_nothing_changes(client: Client, tmp_path: Path) -> None:
    counted: list[Counted] = []

    def count(database: Database) -> Database:
        counted.append(Counted(database))
        return counted[0]

    async with scene(client, tmp_path, before=count) as on, on.listener("ada") as ada:
        await asyncio.gather(
            *(on.log.register(for_state(on, ada, f"t-{number}", id_=f"w{number}")) for number in range(1000))
        )
        async with on.serving():
            await on.put("tickets", "other", {"status": "open"})
            await on.idle()
            await asyncio.sleep(2 * QUICK.sweep.total_seconds())
            (database,) = counted
            reads, writes = database.reads, database.writes
            await asyncio.sleep(IDLE_SECONDS)
            sweeps = IDLE_SECONDS / QUICK.sweep.total_seconds()
            renewals = IDLE_SECONDS / QUICK.lease.total_seconds() * 3
            # Relay and dispatcher look once each sweep; the relay's own writes may wake it up once more.
            assert database.reads - reads <= 2 * (sweeps + 1) + renewals
            assert database.writes - writes <= renewals + 1
            sequence = await on.put("tickets", "t-500", {"status": "open"})
            await on.idle()
            assert await woken(ada) == [Woken(wait=f"w500-{on.queue}", sequence=sequence)]
