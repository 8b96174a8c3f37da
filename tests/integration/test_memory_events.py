"""Changes of memories are events: triggers act on them, and whoever listens hears all of them, without their texts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.events import Event
from contracts.memories import Caller, Forgetting, Memory, MemoryDraft, MemoryRevision, MemoryScope
from contracts.memory_ports import MemoryStore
from perdure.memory_stores import open_memory
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.events import Scene, scene

ADA = MemoryScope(user="ada")
SECRET = "The attic key lies under the blue pot."


@pytest.fixture
async def on(client: Client, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(client, tmp_path) as made, made.serving():
        yield made


@pytest.fixture
async def memory(on: Scene, tmp_path: Path) -> AsyncIterator[MemoryStore]:
    """Memory on the scene's database, as another process has it."""
    settings = Settings(home=tmp_path)
    async with open_stores(settings) as stores, open_memory(settings, stores) as opened:
        yield opened.store


@pytest.fixture
def ada(on: Scene) -> Caller:
    return Caller(tenant=on.tenant, scope=ADA, actor="tests")


async def test_a_memory_starts_a_run(on: Scene, memory: MemoryStore, ada: Caller) -> None:
    rule = {"team": "greeter", "task": "Look at ${event.subject}.", "user": "${event.data.scope.user}"}
    await on.trigger("look", type="perdure.memory.created", start_team=rule)
    made = await _added(memory, ada)
    (event,) = await _told(on)
    asked = await on.result("look", event.id, source=event.source)
    assert asked["task"] == f"Look at {made.id}."


async def test_each_change_is_told_once_and_no_text_is(on: Scene, memory: MemoryStore, ada: Caller) -> None:
    made = await _added(memory, ada)
    newer = MemoryDraft(text="It lies in the shed.", scope=ADA, supersedes=(made.id,))
    (second,) = await memory.add(ada, [newer])
    await memory.edit(ada, MemoryRevision(id=second.id, importance=0.9))
    await memory.forget(ada, Forgetting(id=second.id))
    told = await _told(on)
    assert [(event.type.rpartition(".")[2], event.subject) for event in told] == [
        ("created", made.id),
        ("created", second.id),
        ("superseded", made.id),
        ("updated", second.id),
        ("erased", second.id),
    ]
    assert all("attic" not in event.model_dump_json() and "shed" not in event.model_dump_json() for event in told)


async def _added(memory: MemoryStore, caller: Caller) -> Memory:
    (made,) = await memory.add(caller, [MemoryDraft(text=SECRET, scope=ADA)])
    return made


async def _told(on: Scene) -> tuple[Event, ...]:
    return await on.log.events(after=0, limit=100, types=("perdure.memory.*",))
