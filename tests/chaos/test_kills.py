"""`kill -9` of the worker, at any moment: the run ends as if nothing had happened; nothing finished is done again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from contracts.runs import TranscriptEntry
from perdure import Perdure
from perdure.children import Child
from perdure.run import Run
from perdure.temporal_server import TemporalServer
from tests.support.chaos_chains import conversation, parts, report
from tests.support.chaos_errand import MODEL_CALLS, QUICK_TOOLS, SLOW_TOOLS, TASK, TEAM, traces
from tests.support.chaos_model import chaos_model
from tests.support.chaos_worker import WorkerHome, kill
from tests.support.model_process import ModelProcess

MOST_SECONDS_TO_GO_ON = 10.0
_COMPLETED = EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
_SCHEDULED = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED


@dataclass(frozen=True)
class Scene:
    """One run, its model server, and the home of its workers."""

    client: Client
    model: ModelProcess
    home: WorkerHome
    run: Run

    async def events(self) -> list[HistoryEvent]:
        """The history as it is now."""
        return list((await self.client.get_workflow_handle(self.run.id).fetch_history()).events)

    async def completed(self, kind: str) -> list[str]:
        """Ids of the activities of a type whose completion is in history."""
        return completed(await self.events(), kind)

    async def asked(self) -> int:
        """How many requests the model server has got."""
        return len(await self.model.requests())

    def traces(self) -> list[str]:
        """What the tools have written."""
        return traces(self.home.folder, self.run.id)


def completed(events: list[HistoryEvent], kind: str) -> list[str]:
    """Ids of the activities of a type whose completion is in a history."""
    scheduled = {
        event.event_id: event.activity_task_scheduled_event_attributes
        for event in events
        if event.event_type == _SCHEDULED
    }
    ended = [
        scheduled[event.activity_task_completed_event_attributes.scheduled_event_id]
        for event in events
        if event.event_type == _COMPLETED
    ]
    return [activity.activity_id for activity in ended if activity.activity_type.name == kind]


Moment = Callable[[Scene], Awaitable[bool]]


async def _picked_up(scene: Scene) -> bool:
    return len(await scene.events()) > 2


async def _third_call_answered(scene: Scene) -> bool:
    return len(await scene.completed("call_model")) >= 3


async def _second_tool_done(scene: Scene) -> bool:
    return len(await scene.completed("call_tool")) >= 1


def _asking(number: int) -> Moment:
    async def asking(scene: Scene) -> bool:
        return await scene.asked() >= number

    return asking


def _working(word: str) -> Moment:
    async def working(scene: Scene) -> bool:
        return f"begin {word}" in scene.traces()

    return working


# Each moment kills one worker after another; the last worker is left alone. A text is a moment of `chaos_worker`.
MOMENTS: dict[str, tuple[Moment | str, ...]] = {
    "before the first call": (_picked_up,),
    "during a model call": (_asking(2),),
    "when a model has answered": (_third_call_answered,),
    "during a tool": (_working("three"),),
    "between a tool and the model": (_second_tool_done,),
    "during a quick tool": (_working("five"),),
    "during the last call": (_asking(MODEL_CALLS),),
    "twice in a row": (_asking(2), _asking(3)),
    "in a workflow task": ("scheduling:call_model:3",),
    "before texts are stored": ("before:put_segments:1",),
    "after texts were stored": ("after:put_segments:1",),
    "while it prepares": ("after:prepare_run:1",),
    "an answer on its way": ("after:call_model:3",),
    "a tool's result on its way": ("after:call_tool:1",),
    "a quick tool's result on its way": ("after:call_quick_tool:2",),
}
# This stands for all in the tests that take seconds each.
QUICKLY = ("during a model call",)
JOURNALED = ("an answer on its way", "a tool's result on its way", "a quick tool's result on its way")


@pytest.fixture(scope="module")
async def model() -> AsyncIterator[ModelProcess]:
    """A model server whose counts survive any worker."""
    async with chaos_model("errand") as process:
        yield process


@pytest.fixture(scope="module")
async def undisturbed(
    model: ModelProcess, client: Client, temporal: TemporalServer, tmp_path_factory: pytest.TempPathFactory
) -> list[TranscriptEntry]:
    """The conversation of a run whose worker lives."""
    scene = await _scene(model, client, temporal, tmp_path_factory.mktemp("undisturbed"))
    async with scene.home.worker():
        await asyncio.wait_for(scene.run.result(), 60)
        return await conversation(await parts(client, scene.run.id))


@pytest.mark.parametrize(
    "moment", [pytest.param(name, marks=() if name in QUICKLY else pytest.mark.long) for name in MOMENTS]
)
async def test_a_killed_worker_costs_nothing_that_was_done(
    moment: str,
    undisturbed: list[TranscriptEntry],
    model: ModelProcess,
    client: Client,
    temporal: TemporalServer,
    tmp_path: Path,
) -> None:
    scene = await _scene(model, client, temporal, tmp_path)
    before: list[HistoryEvent] = []
    for death in MOMENTS[moment]:
        await _live_until(death, scene)
        before = await scene.events()
    started = time.time()
    async with scene.home.worker() as worker:
        result = await asyncio.wait_for(scene.run.result(), 60)
        said = await conversation(await parts(client, scene.run.id))
    went_on = _first_act(await scene.events(), worker) - started
    requests = Counter(request["prompt"] for request in await model.requests())
    notes = Counter(line for line in scene.traces() if line.startswith("begin"))
    done = completed(before, "call_model"), completed(before, "call_tool")
    again = sum(requests.values()) - MODEL_CALLS, {line: count for line, count in notes.items() if count > 1}
    report(f"{moment}: goes on after {went_on:.1f} s; {len(done[0])} answers, {len(done[1])} tools kept; again {again}")

    assert [(entry.source, entry.kind, entry.text) for entry in said] == [
        (entry.source, entry.kind, entry.text) for entry in undisturbed
    ]
    assert result.usage.model_calls == MODEL_CALLS
    assert result.usage.tool_calls == len(SLOW_TOOLS) + len(QUICK_TOOLS)
    assert len(requests) == MODEL_CALLS
    kept = list(requests.values())[: len(done[0])]
    assert kept == [1] * len(done[0])
    assert all(notes[f"begin {word}"] == 1 for word in SLOW_TOOLS[: len(done[1])])
    assert sum(requests.values()) <= MODEL_CALLS + len(MOMENTS[moment])
    if moment in JOURNALED:
        assert sum(requests.values()) == MODEL_CALLS
        assert all(notes[f"begin {word}"] == 1 for word in SLOW_TOOLS)
    assert went_on < MOST_SECONDS_TO_GO_ON


async def _scene(model: ModelProcess, client: Client, temporal: TemporalServer, folder: Path) -> Scene:
    await model.reset()
    home = WorkerHome(folder, temporal.place.address, model.url, "tests.support.chaos_errand")
    perdure = await Perdure.using(client)
    return Scene(client, model, home, await perdure.start(TEAM, TASK))


async def _live_until(death: Moment | str, scene: Scene) -> None:
    if isinstance(death, str):
        async with scene.home.worker(death) as child:
            assert await asyncio.wait_for(child.wait(), 60) == -9
        return
    async with scene.home.worker() as child, asyncio.timeout(60):
        while not await death(scene):
            await asyncio.sleep(0.005)
        await kill(child)


def _first_act(events: list[HistoryEvent], worker: Child) -> float:
    """When a worker first began something, in seconds since the epoch."""
    for event in events:
        begun = event.workflow_task_started_event_attributes, event.activity_task_started_event_attributes
        if any(attributes.identity.startswith(f"{worker.pid}@") for attributes in begun):
            return event.event_time.ToNanoseconds() / 1e9
    raise AssertionError("the last worker did nothing")
