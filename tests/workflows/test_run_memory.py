"""A run is told what is remembered before it begins, and learns when it has ended; without memory it goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from contracts.errors import BadRequest
from contracts.memories import MemoryScope
from contracts.recalled_text import BEGIN, END, HEAD
from contracts.remembering import MemoryPolicy
from contracts.runs import Budget, RunResult
from tests.conftest import NewRunner
from tests.support.memory_kinds import KNOWN, MEMORY_APP
from tests.support.model_server import ModelServer
from tests.support.run_memories import Notes
from tests.support.running import APP, TASK, Runner


@pytest.fixture
def notes() -> Notes:
    return Notes(known=dict(KNOWN))


@pytest.fixture
async def remembering(new_runner: NewRunner, notes: Notes) -> AsyncIterator[Runner]:
    """A worker that replays each task from the start, with a memory of this test's."""
    async with new_runner(app=(APP, MEMORY_APP), memories=notes.memories(), max_cached_runs=0) as running:
        yield running


def systems(server: ModelServer, speaker: str) -> list[list[str]]:
    """The system messages of each prompt of an agent."""
    return [list(one.request.texts_of("system")) for one in server.requests if one.speaker == speaker]


def before(result: RunResult) -> list[str]:
    assert result.memory is not None
    assert result.memory.before is not None
    return [one.line for one in result.memory.before.injected]


async def test_what_is_remembered_stands_fenced_after_the_system_message(
    remembering: Runner, notes: Notes, model_server: ModelServer
) -> None:
    notes.agents["bob"] = "Bob keeps the accounts."
    run = await remembering.start("reminded", user="ada", session="s-1")
    result = await run.result(timeout=30)
    fence = "\n".join([HEAD, BEGIN, *(f"- [2026-05-03, ada] {text}" for text in KNOWN.values()), END])
    own = "\n".join([HEAD, BEGIN, "- [2026-05-03, ada] Bob keeps the accounts.", END])
    assert systems(model_server, "alice") == [["You are alice.", fence]]
    assert systems(model_server, "bob") == [["You are bob.", fence, own]]
    assert before(result)[0] == "- [2026-05-03, ada] Ada prefers short answers."
    assert await remembering.call_ids(run) == ["recall", "alice:1", "bob:1", "remember"]


async def test_who_asks_is_the_run_for_its_user_session_and_team(remembering: Runner, notes: Notes) -> None:
    run = await remembering.start("reminded", user="ada", session="s-1")
    await run.result(timeout=30)
    asked = notes.asked[0]
    assert asked.task == TASK
    assert asked.caller.scope.key == "user=ada&team=reminded&session=s-1"
    assert (asked.caller.actor, asked.caller.run, asked.caller.step) == (f"run:{run.id}", run.id, "recall")


async def test_a_run_learns_from_what_was_said_once_and_not_from_what_it_was_told(
    remembering: Runner, notes: Notes
) -> None:
    run = await remembering.start("reminded", user="ada")
    result = await run.result(timeout=30)
    (request,) = notes.conversations
    said = await run.transcript()
    assert [(one.speaker, one.role, one.text) for one in request.utterances] == [
        ("ada", "user", TASK),
        *((entry.source, "agent", entry.text) for entry in said[1:]),
    ]
    assert request.scope.key == "user=ada"
    assert request.injected == tuple(f"- [2026-05-03, ada] {text}" for text in KNOWN.values())
    assert len(request.executions) == 1
    assert request.key == f"default/{run.id}/{request.executions[0]}/0"
    assert result.memory is not None
    assert result.memory.learned is not None
    assert [one.text for one in result.memory.learned.learned] == [TASK]


async def test_an_agent_that_asks_is_told_in_its_turns_and_each_thing_once(
    remembering: Runner, notes: Notes, model_server: ModelServer
) -> None:
    run = await remembering.start("asking", user="ada")
    result = await run.result(timeout=30)
    assert await remembering.call_ids(run) == [
        "recall", "alice:1", "bob:1:memory", "bob:1", "alice:2", "bob:2:memory", "bob:2", "remember",
    ]  # fmt: skip
    first, second = systems(model_server, "bob")
    assert len(first) == len(second) == 2
    assert "Turin" in first[1]
    asked = [request for request in notes.asked if request.agent == "bob"]
    said = [entry.text for entry in await run.transcript() if entry.source == "alice"]
    assert [request.task for request in asked] == said
    assert [request.already for request in asked] == [(), ("m1", "m2")]
    assert {request.policy.limit for request in asked} == {5}
    assert len(before(result)) == 2


async def test_nothing_is_recalled_that_nobody_is_told(remembering: Runner, notes: Notes) -> None:
    run = await remembering.start("alone", user="ada")
    await run.result(timeout=30)
    assert [caller.scope for caller in notes.warmed] == [MemoryScope(user="ada", team="alone")]
    assert await remembering.call_ids(run) == ["bob:1:memory", "bob:1", "remember"]


@pytest.mark.parametrize("team", ["all-asking", "reminded"])
async def test_team_and_run_say_how_agents_remember(team: str, remembering: Runner) -> None:
    run = await remembering.start(team, user="ada", memory="memory" if team == "reminded" else "system")
    await run.result(timeout=30)
    assert await remembering.call_ids(run) == ["alice:1:memory", "alice:1", "bob:1:memory", "bob:1", "remember"]


@pytest.mark.parametrize(
    ("team", "options"),
    [("reminded", {"user": "ada", "memory": "off"}), ("reminded", {}), ("asking", {"memory": "off"})],
    ids=["off", "for nobody", "an agent asks"],
)
async def test_without_memory_a_run_is_as_it_was(
    team: str, options: dict[str, str], remembering: Runner, notes: Notes
) -> None:
    run = await remembering.start(team, **options)
    result = await run.result(timeout=30)
    assert result.memory is None
    assert not any(id_ in ("recall", "remember") or "memory" in id_ for id_ in await remembering.call_ids(run))
    assert (notes.warmed, notes.asked, notes.conversations) == ([], [], [])


async def test_a_team_without_memory_asks_nothing(remembering: Runner, notes: Notes) -> None:
    run = await remembering.start("forgetful", user="ada")
    await run.result(timeout=30)
    assert await remembering.call_ids(run) == ["alice:1"]
    assert notes.asked == []
    assert notes.conversations == []


async def test_agents_of_component_files_are_told_too(remembering: Runner, model_server: ModelServer) -> None:
    client = {
        "provider": "autogen_ext.models.openai.OpenAIChatCompletionClient",
        "component_type": "model",
        "config": {"model": "gpt-5"},
    }
    component = {
        "provider": "autogen_agentchat.agents.AssistantAgent",
        "component_type": "agent",
        "config": {
            "name": "alice",
            "description": "Plays alice.",
            "system_message": "You are alice.",
            "model_client": client,
            "reflect_on_tool_use": False,
            "tool_call_summary_format": "{result}",
        },
    }
    run = await remembering.start("mine", user="ada", component=component)
    await run.result(timeout=30)
    (told,) = systems(model_server, "alice")
    assert told[0] == "You are alice."
    assert "Turin" in told[1]


async def test_memory_that_is_away_is_said_and_nothing_fails(remembering: Runner, notes: Notes) -> None:
    notes.away = 100
    run = await remembering.start("reminded", user="ada", memory=MemoryPolicy(extract=False))
    result = await run.result(timeout=30)
    assert result.stop_reason == "finished"
    assert result.memory is not None
    assert result.memory.before is not None
    assert result.memory.before.note == "nothing was recalled: the memory of this test is away: wait"


async def test_learning_is_tried_again(remembering: Runner, notes: Notes) -> None:
    notes.learning_away = 1
    run = await remembering.start("reminded", user="ada", memory=MemoryPolicy(inject="off"))
    result = await run.result(timeout=30)
    assert len(notes.conversations) == 2
    assert result.memory is not None
    assert result.memory.learned is not None
    assert result.memory.learned.note is None


async def test_a_budget_that_is_spent_leaves_the_learning(remembering: Runner, notes: Notes) -> None:
    run = await remembering.start("reminded", user="ada", budget=Budget(model_calls=1))
    result = await run.result(timeout=30)
    assert result.stop_reason == "budget"
    assert len(notes.conversations) == 1


@pytest.mark.parametrize("user", ["*", "ada  b", "", "x" * 201])
async def test_who_cannot_be_told_from_others_is_refused(user: str, remembering: Runner) -> None:
    with pytest.raises(BadRequest, match="user"):
        await remembering.start("reminded", user=user)


async def test_lists_of_texts_stay_allowed(remembering: Runner, model_server: ModelServer) -> None:
    run = await remembering.start("listed", user="ada")
    await run.result(timeout=30)
    (told,) = systems(model_server, "alice")
    assert any("Turin" in text for text in told)
    assert any("Sundays" in text for text in told)
