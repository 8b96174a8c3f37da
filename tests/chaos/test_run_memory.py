"""A run's memory when workers die, texts are lost and histories follow one another: each thing is learned once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.memories import Caller, MemoryScope
from contracts.recall import MemoryListing
from perdure import Perdure
from perdure.memory_stores import open_memory
from perdure.settings import Settings
from perdure.stores import open_stores
from perdure.temporal_server import TemporalServer
from tests.support.chaos_chains import conversation, parts, replay
from tests.support.chaos_model import chaos_model
from tests.support.chaos_worker import WorkerHome
from tests.support.memory_kinds import KINDS, KNOWN, MEMORY_APP, forgotten
from tests.support.model_server import ModelServer
from tests.support.running import APP, new_queue, runner, scheduled

SAID = "I prefer short answers by mail. I live in Turin."
ADA = Caller(scope=MemoryScope(user="ada"))


@pytest.mark.long
@pytest.mark.parametrize("moment", ["before:recall_memories:1", "after:recall_memories:1", "after:remember_run:1"])
async def test_a_worker_that_dies_beside_its_memory_learns_once(
    moment: str, client: Client, temporal: TemporalServer, tmp_path: Path
) -> None:
    async with chaos_model("talk") as model:
        home = WorkerHome(tmp_path, temporal.place.address, model.url, MEMORY_APP)
        run = await (await Perdure.using(client)).start("reminded", SAID, user="ada")
        async with home.worker(moment) as child:
            assert await asyncio.wait_for(child.wait(), 60) == -9
        async with home.worker():
            result = await asyncio.wait_for(run.result(), 60)
    assert result.memory is not None
    assert result.memory.learned is not None
    assert result.memory.learned.note is None
    assert result.memory.learned.repeated is (moment == "after:remember_run:1")
    texts = await _kept(tmp_path)
    assert texts
    assert len(texts) == len(set(texts))
    assert sorted(one.text for one in result.memory.learned.learned) == sorted(texts)


async def _kept(home: Path) -> list[str]:
    settings = Settings(home=home)
    async with open_stores(settings) as stores, open_memory(settings, stores) as memory:
        return [one.text for one in (await memory.store.list(ADA, MemoryListing())).memories]


async def test_what_is_remembered_goes_on_into_each_new_history(
    impatient: Client, tmp_path: Path, model_server: ModelServer
) -> None:
    kind = KINDS["onward"]
    notes = kind.notes()
    app = (APP, MEMORY_APP)
    async with runner(impatient, tmp_path, model_url=model_server.url, app=app, memories=notes.memories()) as running:
        run = await kind.start(running)
        result = await asyncio.wait_for(run.result(), 60)
        chain = await parts(impatient, run.id)
        said = await conversation(chain)
    assert len(chain) >= 2
    told = [record.request.system for record in model_server.requests if record.speaker == "alice"]
    assert {text.count(KNOWN["m2"]) for text in told} == {1}
    # What bob was told in one history is not told again in the next one.
    asked = [request for request in notes.asked if request.agent == "bob"]
    assert [request.already for request in asked] == [(), *[("m1", "m2")] * (len(asked) - 1)]
    learned = [(request.key.rpartition("/")[2], len(request.executions)) for request in notes.conversations]
    assert [number for _, number in learned] == list(range(1, len(chain) + 1))
    assert [one.index for request in notes.conversations for one in request.utterances] == [
        entry.index for entry in said if entry.kind == "message"
    ]
    assert all(len(request.injected) == 4 for request in notes.conversations)
    assert result.memory is not None
    assert result.memory.before is not None
    assert {one.id for one in result.memory.before.injected} == {"m1", "m2"}
    await replay(chain)


async def test_texts_that_were_lost_are_sent_again_to_learn_from(
    client: Client, tmp_path: Path, model_server: ModelServer
) -> None:
    run = await forgotten(client, tmp_path, model_url=model_server.url, task_queue=new_queue())
    (part,) = await parts(client, run.id)
    ids = [activity.activity_id for activity in scheduled(part.history)]
    assert ids[-3:] == ["remember", "remember~put1", "remember~2"]
    await replay([part])
