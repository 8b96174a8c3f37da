"""Traps T2, T4, T6, T9, T12 to T14, T16 to T21: what AutoGen does in a team that a workflow cannot bear.

Each test is named after its trap and would fail without the cure. tests/traps/README.md lists all of them.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from autogen_core.tools import FunctionTool
from temporalio.api.enums.v1 import EventType

from contracts.errors import RunCancelled, RunFailed
from tests.conftest import NewRunner
from tests.support import answers
from tests.support.answers import Answer, Call, Tools
from tests.support.chat import ChatRequest
from tests.support.model_server import ModelServer
from tests.support.rules import always, disconnected, halt_after, until_waiting
from tests.support.running import Runner
from tests.support.scripts import long_answers, teams
from tests.support.toolbox import add
from tests.support.waiting import until


async def test_t02_sync_tools_return_what_they_return(trapped: Runner) -> None:
    """AutoGen runs a sync tool in an executor that a workflow has not; the model would be told an empty text."""
    run = await trapped.start("tool_summary")
    assert (await run.result(timeout=20)).answer == "3"
    (told,) = [entry for entry in await run.transcript() if entry.kind == "tool_result"]
    assert (told.text, told.failed) == ("3", False)


async def test_t04_final_failure_of_a_call_ends_the_run_with_its_type(
    model_server: ModelServer, trapped: Runner
) -> None:
    """AutoGen makes a RuntimeError of it, which fails the workflow task for ever: the run would look alive."""
    model_server.reset(always(answers.forbidden()))
    run = await trapped.start("round_robin")
    with pytest.raises(RunFailed, match="not supported") as caught:
        await run.result(timeout=20)
    assert caught.value.kind == "ModelRefused"
    kinds = {event.event_type for event in (await trapped.history(run)).events}
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in kinds


async def test_t06_cancel_stops_the_team(model_server: ModelServer, trapped: Runner) -> None:
    """The stock runtime waits until its agents are idle: the conversation would go on to its end."""
    model_server.reset(halt_after(2))
    run = await trapped.start("ten_agents")
    await until_waiting(model_server, 1)
    await run.cancel()
    with pytest.raises(RunCancelled):
        await run.result(timeout=3)
    await until(lambda: model_server.count(disconnected) == 1, seconds=2)
    assert len(await trapped.call_ids(run)) == 3


async def test_t09_who_waits_at_a_terminal_is_refused(trapped: Runner) -> None:
    """A thread that reads the worker's terminal would fail the workflow task, or block it."""
    run = await trapped.start("user_proxy")
    with pytest.raises(RunFailed, match="HandoffTermination"):
        await run.result(timeout=10)


@pytest.mark.parametrize("team", ["talkative", "buffered", "head_and_tail"])
async def test_t12_what_a_call_adds_to_history_does_not_grow(
    team: str, model_server: ModelServer, trapping: NewRunner
) -> None:
    """Each call of AutoGen's hands over the whole conversation, so history would grow with its square."""
    model_server.reset(long_answers)
    async with trapping() as running:
        run = await running.start(team)
        await run.result(timeout=60)
        sizes = [activity.input.ByteSize() for activity in await running.scheduled(run)]
    early, late = max(sizes[2:6]), max(sizes[-4:])
    assert late < 1.2 * early
    assert len(model_server.requests[-1].request.texts[-1]) > 2_000


async def test_t13_schemas_cross_the_border_as_data(model_server: ModelServer, trapped: Runner) -> None:
    """Tools and answer forms are live objects, which no payload holds: the model must get the same schemas."""
    run = await trapped.start("structured")
    assert json.loads((await run.result(timeout=20)).answer)["score"] == 7
    form = model_server.requests[0].request.response_format or {}
    assert form["json_schema"]["name"] == "Verdict"
    assert set(form["json_schema"]["schema"]["properties"]) == {"verdict", "score", "reason"}
    run = await trapped.start("counting")
    await run.result(timeout=20)
    offered = next(record for record in model_server.requests if record.request.tools).request.body["tools"][0]
    stock = FunctionTool(add, description="Add two whole numbers.").schema
    assert offered["function"]["name"] == "add"
    assert set(offered["function"]["parameters"]["properties"]) == set(stock["parameters"]["properties"])
    assert offered["function"]["parameters"]["required"] == stock["parameters"]["required"]


async def test_t14_memory_and_token_counts_do_no_io(model_server: ModelServer, trapped: Runner) -> None:
    """Counting tokens reads files of a tokenizer, in the workflow, and a memory may read a store."""
    run = await trapped.start("remembering")
    await run.result(timeout=20)
    prompts = [record.request.texts for record in model_server.requests if record.speaker == "ann"]
    assert any("The customer is called Ada." in text for text in prompts[0])
    assert all(sum(map(len, texts)) < 60 * 4 + 200 for texts in prompts)


async def test_t16_team_that_is_called_twice_at_once_does_not_hang(model_server: ModelServer, trapped: Runner) -> None:
    """AutoGen's teams are not re-entrant: the second call is refused, and told to the model."""

    def rule(request: ChatRequest) -> Answer:
        first = request.speaker == "director" and request.last_role == "user"
        return Tools(tuple(Call("crew", {"task": task}) for task in ("one", "two"))) if first else teams(request)

    model_server.reset(rule)
    run = await trapped.start("team_as_tool")
    await run.result(timeout=20)
    told = [entry for entry in await run.transcript() if entry.kind == "tool_result"]
    assert [entry.failed for entry in told] == [False, True]
    assert "already running" in told[1].text


async def test_t17_source_text_in_component_json_is_not_run(trapped: Runner, tmp_path: Path) -> None:
    """AutoGen's FunctionTool executes the source text of its configuration."""
    mark = tmp_path / "was-run"
    source = f"def add(a: int, b: int) -> int:\n    open({str(mark)!r}, 'w').close()\n    return 0\n"
    component = {
        "provider": "autogen_agentchat.agents.AssistantAgent",
        "component_type": "agent",
        "version": 1,
        "config": {
            "name": "adder",
            "model_client": {
                "provider": "autogen_ext.models.openai.OpenAIChatCompletionClient",
                "component_type": "model",
                "config": {"model": "gpt-4o-mini"},
            },
            "workbench": [
                {
                    "provider": "autogen_core.tools.StaticWorkbench",
                    "component_type": "workbench",
                    "config": {
                        "tools": [
                            {
                                "provider": "autogen_core.tools.FunctionTool",
                                "component_type": "tool",
                                "config": {
                                    "name": "add",
                                    "description": "Add.",
                                    "source_code": source,
                                    "global_imports": [],
                                    "has_cancellation_support": False,
                                },
                            }
                        ]
                    },
                }
            ],
            "handoffs": [],
            "description": "Adds.",
            "system_message": "You are adder.",
            "model_client_stream": False,
            "reflect_on_tool_use": False,
            "tool_call_summary_format": "{result}",
        },
    }
    run = await trapped.start("mine", component=component)
    assert (await run.result(timeout=20)).answer == "3"
    assert not mark.exists()


async def test_t18_stream_is_one_call_and_one_message(trapped: Runner) -> None:
    """Each chunk of a stream would become a message, and a task, in the workflow."""
    run = await trapped.start("streaming")
    await run.result(timeout=20)
    assert await trapped.call_ids(run) == ["solo:1"]
    assert [entry.kind for entry in await run.transcript()] == ["message", "message"]


@pytest.mark.parametrize(
    ("team", "inner"),
    [
        ("nested", "writing/bob:1"),
        ("society_of_mind", "society/drafter:1"),
        ("agent_as_tool", "boss/expert:1"),
        ("team_as_tool", "director/crew/rower:1"),
    ],
)
async def test_t19_inner_teams_are_durable_too(team: str, inner: str, trapped: Runner) -> None:
    """Teams inside of teams, agents and tools start a stock runtime of their own."""
    run = await trapped.start(team)
    await run.result(timeout=20)
    assert inner in await trapped.call_ids(run)


@pytest.mark.parametrize("team", ["code_executor", "session_workbench"])
async def test_t20_who_holds_a_process_or_a_session_is_refused(team: str, trapped: Runner) -> None:
    """They would be lost with the worker, and started again on each replay."""
    run = await trapped.start(team)
    with pytest.raises(RunFailed, match="@tool") as caught:
        await run.result(timeout=10)
    assert caught.value.kind == "NotDurable"


async def test_t21_swarm_hands_over(trapped: Runner) -> None:
    """The stock hand-off tool asks for a thread in a task that nobody hears: the swarm would stand still for ever."""
    run = await trapped.start("swarm")
    result = await asyncio.wait_for(run.result(), 20)
    assert result.answer.endswith("DONE")
    assert {entry.source for entry in await run.transcript() if entry.kind == "message"} >= {"triage", "billing"}
