"""What memory costs a run at most: no text twice in its history, no waiting, nothing that is not allowed."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.remembering import MemoryPolicy
from contracts.runs import RunResult
from perdure import Perdure
from perdure.memory_settings import MemorySettings
from perdure.run import Run
from tests.conftest import NewRunner
from tests.support.answers import Text
from tests.support.memory_kinds import KINDS, KNOWN, MEMORY_APP
from tests.support.model_server import ModelServer
from tests.support.run_memories import Notes
from tests.support.running import APP, Runner
from tests.support.scripts import LONG_ANSWER

LONG = "Ada's letter tells of " + ", ".join(f"the {number}th of many things" for number in range(30))
BOTH = (APP, MEMORY_APP)


async def told_in_history(running: Runner, run: Run, text: str) -> list[str]:
    """The kinds of the events that hold a text."""
    found = []
    for event in (await running.history(run)).to_json_dict()["events"]:
        payloads = [base64.b64decode(data).decode() for data in _data(event)]
        found += [event["eventType"].removeprefix("EVENT_TYPE_")] * sum(payload.count(text) for payload in payloads)
    return found


def _data(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["data"]] if isinstance(value.get("data"), str) else []
        return own + [data for part in value.values() for data in _data(part)]
    return [data for part in value for data in _data(part)] if isinstance(value, list) else []


@pytest.mark.parametrize("kind", ["system", "asking", "team"])
async def test_no_text_that_was_recalled_is_sent_again(kind: str, new_runner: NewRunner) -> None:
    notes = Notes(known={"m1": LONG})
    async with new_runner(app=BOTH, memories=notes.memories()) as running:
        run = await KINDS[kind].start(running)
        await run.result(timeout=30)
        begun = await told_in_history(running, run, "the 3th of many")
        found = await told_in_history(running, run, "the 17th of many")
    # Agents that ask are answered each for itself; the result shows the beginning once more, for people.
    answers = {"system": 1, "asking": 2, "team": 2}[kind]
    assert found == ["ACTIVITY_TASK_COMPLETED"] * answers
    assert begun == [*found, "WORKFLOW_EXECUTION_COMPLETED"]


async def test_a_long_task_is_asked_with_its_beginning_and_sent_once(new_runner: NewRunner) -> None:
    notes = KINDS["system"].notes()
    task = "Read this. " + LONG_ANSWER * 20
    async with new_runner(app=BOTH, memories=notes.memories()) as running:
        run = await running.start("reminded", task, user="ada")
        result = await run.result(timeout=30)
        found = await told_in_history(running, run, "Read this. ")
    assert task.startswith(notes.asked[0].task)
    assert 7_000 < len(notes.asked[0].task) <= 8_000
    assert notes.conversations[0].utterances[0].text == task[: len(notes.conversations[0].utterances[0].text)]
    assert found.count("ACTIVITY_TASK_SCHEDULED") == 1
    assert result.memory is not None


async def test_a_slow_memory_is_not_waited_for(new_runner: NewRunner) -> None:
    notes = Notes(known=dict(KNOWN), delay_seconds=30)
    impatient = replace(notes.memories(), patience=timedelta(seconds=0.2))
    async with new_runner(app=BOTH, memories=impatient) as running:
        result = await (await running.start("reminded", user="ada")).result(timeout=10)
    assert note(result) == "nothing was recalled: memory did not answer within 0.2 s"


async def test_a_memory_that_breaks_fails_no_run(new_runner: NewRunner) -> None:
    class Broken(Notes):
        async def build(self, request: object) -> None:  # type: ignore[override]
            raise ZeroDivisionError("a fault of this test")

    async with new_runner(app=BOTH, memories=Broken().memories()) as running:
        result = await (await running.start("asking", user="ada")).result(timeout=10)
    assert "a fault of this test" in (note(result) or "")


async def test_switched_off_at_the_client_nothing_is_scheduled(new_runner: NewRunner) -> None:
    async with new_runner(app=BOTH) as running:
        settings = running.settings.model_copy(update={"memory": MemorySettings(enabled=False)})
        perdure = await Perdure.using(running.client, settings=settings)
        run = await perdure.start("reminded", "Do the work.", user="*", memory="memory")
        result = await run.result(timeout=30)
        assert await running.call_ids(run) == ["alice:1", "bob:1"]
    assert result.memory is None


async def test_switched_off_at_the_worker_it_is_said(new_runner: NewRunner) -> None:
    async with new_runner(app=BOTH, memory_enabled=False) as running:
        perdure = await Perdure.using(running.client)
        result = await (await perdure.start("reminded", "Do the work.", user="ada")).result(timeout=30)
    assert note(result) == "memory is switched off (MEM0_ENABLED)"
    assert result.memory is not None
    assert result.memory.learned is not None
    assert result.memory.learned.note == "memory is switched off (MEM0_ENABLED)"


async def test_an_agent_writes_once_as_the_runs_user(new_runner: NewRunner) -> None:
    notes = Notes()
    async with new_runner(app=BOTH, memories=notes.memories()) as running:
        run = await running.start("noting", user="ada")
        await run.result(timeout=30)
        said = [entry.text for entry in await run.transcript() if entry.source == "alice"]
        assert "clerk:1:memory" in await running.call_ids(run)
    ((key, (memory,)),) = notes.written.items()
    assert key.endswith("/clerk:1:memory")
    assert (memory.text, memory.scope.key, memory.speaker, memory.source.run) == (said[0], "user=ada", "clerk", run.id)


@pytest.mark.parametrize(
    ("into", "scope", "wanted"),
    [
        ("user", {"user": "ada", "session": "s-1"}, "user=ada"),
        ("user", {"session": "s-1"}, "session=s-1"),
        ("session", {"user": "ada", "session": "s-1"}, "user=ada&session=s-1"),
        ("team", {"user": "ada"}, "team=reminded"),
        ("agent", {"user": "ada"}, "agent=bob"),
        ("user", {}, None),
    ],
)
async def test_whose_the_lessons_become(
    into: str, scope: dict[str, str], wanted: str | None, new_runner: NewRunner
) -> None:
    notes = Notes()
    policy = MemoryPolicy.model_validate({"inject": "off", "learn_into": into})
    async with new_runner(app=BOTH, memories=notes.memories()) as running:
        result = await (await running.start("reminded", memory=policy, **scope)).result(timeout=30)
    assert [request.scope.key for request in notes.conversations] == ([wanted] if wanted else [])
    assert all(request.scope.within(request.caller.scope) for request in notes.conversations)
    if wanted is None:
        assert result.memory is not None
        assert result.memory.learned is not None
        assert result.memory.learned.note == "nothing was learned: the run has no user"


@pytest.mark.parametrize("learns", [True, False])
async def test_the_ranking_is_told_what_an_answer_drew_on_where_it_learns(
    learns: bool, new_runner: NewRunner, model_server: ModelServer
) -> None:
    notes = KINDS["system"].notes()
    model_server.reset(lambda _: Text("As you prefer short answers: yes."))
    memories = replace(notes.memories(), learns_ranking=learns)
    async with new_runner(app=BOTH, memories=memories) as running:
        await (await running.start("reminded", user="ada")).result(timeout=30)
    assert notes.drawn == (["m1"] if learns else [])


async def test_memory_that_is_off_for_a_run_is_off_for_its_agents(new_runner: NewRunner) -> None:
    notes = Notes(known=dict(KNOWN))
    async with new_runner(app=BOTH, memories=notes.memories()) as running:
        run = await running.start("asking", user="ada", memory=MemoryPolicy(inject="off", extract=False))
        await run.result(timeout=30)
        assert await running.call_ids(run) == ["alice:1", "bob:1", "alice:2", "bob:2"]


def note(result: RunResult) -> str | None:
    assert result.memory is not None
    assert result.memory.before is not None
    return result.memory.before.note
