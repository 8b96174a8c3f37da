"""The activities of memory: what is tried again is on the record once, and what will be asked for is loaded before."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from temporalio.testing import ActivityEnvironment

from activities.memories import Memories, RunMemories
from contracts.conversation import Recipe
from contracts.memories import Caller, MemoryDraft, MemoryScope
from contracts.memory_calls import RecallOutcome, RecallRequest, Warming
from contracts.remembering import MemoryPolicy
from memory.memory_ledger import SqlMemoryLedger
from memory.sqlite_database import SqliteDatabase
from memory.sqlite_segments import SqliteSegmentStore
from perdure.memory_stores import open_memory
from perdure.settings import Settings
from perdure.stores import open_stores

ADA = MemoryScope(user="ada")


async def test_a_recall_that_is_tried_again_is_recorded_once(tmp_path: Path) -> None:
    settings, database = Settings(home=tmp_path), SqliteDatabase(tmp_path / "perdure.db")
    async with open_stores(settings) as stores, open_memory(settings, stores) as memory:
        await memory.store.add(Caller(scope=ADA), [MemoryDraft(text="Ada lives in Faro.", scope=ADA)])
        run = RunMemories(store=memory.store, contexts=memory.contexts, learner=memory.learner)
        activities = Memories(run, segments=SqliteSegmentStore(database))
        calls = (("recall", 1), ("recall", 2), ("recall-2", 1))
        first, again, other = [await _recalled(activities, id_, attempt) for id_, attempt in calls]
        records = await SqlMemoryLedger(stores.database).records(tenant="default", run="test")
        told = await stores.events.events(after=0, limit=9, types=["perdure.memory.recalled"], tenant="default")
    database.close()
    assert first == again == other
    assert [record.action for record in records if record.action == "inject"] == ["inject"] * 2
    assert len(told) == 2


async def test_what_a_run_will_ask_for_is_loaded_when_it_starts(tmp_path: Path) -> None:
    settings, caller = Settings(home=tmp_path), Caller(scope=ADA)
    async with open_stores(settings) as stores, open_memory(settings, stores) as memory:
        await memory.store.add(caller, [MemoryDraft(text="Ada lives in Faro.", scope=ADA)])
        run = RunMemories(store=memory.store, contexts=memory.contexts, learner=memory.learner)
        activities = Memories(run, segments=SqliteSegmentStore(database := SqliteDatabase(tmp_path / "perdure.db")))
        for warming in (Warming(user="\x00"), Warming(user="ada", branch="unknown"), Warming(user="ada")):
            activities.warm(warming)
        async with asyncio.timeout(10):
            while not (await memory.store.stats(caller))["indexes"]["memories"]:
                await asyncio.sleep(0.01)
        await activities.close()
    database.close()


async def _recalled(activities: Memories, activity_id: str, attempt: int) -> RecallOutcome:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, activity_id=activity_id, attempt=attempt)
    request = RecallRequest(scope=ADA, policy=MemoryPolicy(), text=Recipe(parts=("Where does Ada live?",)))
    return await environment.run(activities.recall_memories, request)
