"""Runs that flows start remember for whom the flow, or its step, works."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.events import StartTeam, Trigger
from contracts.remembering import MemoryPolicy
from events.starts import workflow_id
from tests.conftest import NewRunner
from tests.support.flow_runs import FLOW_APP, flow
from tests.support.memory_kinds import KINDS, MEMORY_APP
from tests.support.outside import until_started
from tests.support.run_memories import Notes
from tests.support.running import APP

BOTH = (APP, FLOW_APP, MEMORY_APP)


def asks(**action: Any) -> dict[str, Any]:
    """A step that lets a team work."""
    return {"team": {"name": "reminded", "task": "Do the work.", **action}, "next": "end"}


@pytest.mark.parametrize(
    ("steps", "options", "wanted"),
    [
        ({"a": asks(user="${input.who}")}, {}, "user=ada&team=reminded"),
        ({"a": asks()}, {"user": "ada", "session": "s-1"}, "user=ada&team=reminded&session=s-1"),
        ({"a": asks()}, {}, None),
        ({"a": asks(user="*")}, {}, None),
        ({"a": asks(user="ada")}, {"memory": "off"}, None),
        ({"a": asks(user="ada")}, {"memory": MemoryPolicy(limit=3)}, "user=ada&team=reminded"),
    ],
    ids=["step", "flow", "nobody", "everybody", "off", "policy"],
)
async def test_teams_of_flows_remember(
    steps: dict[str, Any], options: dict[str, Any], wanted: str | None, new_runner: NewRunner
) -> None:
    notes: Notes = KINDS["system"].notes()
    async with new_runner(app=BOTH, memories=notes.memories()) as running:
        run = await running.perdure.start_flow(flow(steps), input={"who": "ada"}, **options)
        await run.result(timeout=60)
    common = [request for request in notes.asked if request.policy.scopes is None]
    assert [request.caller.scope.key for request in common] == ([wanted] if wanted else [])
    assert len(notes.conversations) == len(common)
    assert all(request.policy.limit == getattr(options.get("memory"), "limit", 20) for request in common)


async def test_memory_of_a_flow_is_of_its_branch_and_tenant(new_runner: NewRunner) -> None:
    notes: Notes = KINDS["system"].notes()
    async with new_runner(app=BOTH, memories=notes.memories()) as running:
        await running.perdure.state.branches.fork("trial")
        run = await running.perdure.start_flow(flow({"a": asks(user="ada")}), branch="trial")
        await run.result(timeout=60)
    assert {request.caller.branch for request in notes.asked} == {"trial"}
    assert {request.caller.branch for request in notes.conversations} == {"trial"}


@pytest.mark.parametrize(("user", "wanted"), [("ada", "user=ada&team=reminded"), ("*", None), (None, None)])
async def test_runs_that_triggers_start_remember(user: str | None, wanted: str | None, new_runner: NewRunner) -> None:
    notes: Notes = KINDS["system"].notes()
    async with new_runner(app=BOTH, memories=notes.memories()) as running:
        start = StartTeam(team="reminded", task="Do the work.", user=user)
        await running.perdure.triggers.add(Trigger(name="bell", type="rang", start_team=start))
        await running.perdure.emit("rang", source="door", id=f"by {user}")
        run = await until_started(running.perdure, workflow_id("default", "bell", "door", f"by {user}"))
        result = await run.result(timeout=60)
    assert (result.memory is not None) is (wanted is not None)
    assert [request.caller.scope.key for request in notes.asked[:1]] == ([wanted] if wanted else [])
