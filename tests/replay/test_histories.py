"""Runs that were recorded once go on under today's code; a team that was changed is noticed."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from agents.registry import load_app
from tests.replay.record import BRIDGE_APPS, BRIDGED, HISTORIES
from tests.support.running import APP, scheduled
from tests.support.teams import TEAMS
from workflows.agent_run import AgentRun


@pytest.fixture(scope="module")
def replayer() -> Replayer:
    load_app((APP, *BRIDGE_APPS, "tests.support.changed_teams"))
    return Replayer(
        workflows=[AgentRun], workflow_runner=UnsandboxedWorkflowRunner(), data_converter=pydantic_data_converter
    )


def test_every_team_kind_is_recorded() -> None:
    assert {file.stem for file in HISTORIES.glob("*.json")} >= {*TEAMS, *BRIDGED}


@pytest.mark.parametrize("file", sorted(HISTORIES.glob("*.json")), ids=lambda file: file.stem)
async def test_recorded_history_replays(file: Path, replayer: Replayer) -> None:
    result = await replayer.replay_workflow(_history(file.stem), raise_on_replay_failure=False)
    assert result.replay_failure is None


CHANGED = {
    "round_robin": ("reordered", "bob:1"),
    "graph_parallel": ("fewer_starts", "Activity id"),
    "reflection": ("other_tool", "Activity id"),
    "selector": ("round_robin", "alice:1"),
    "nested": ("renamed_inner", "search/alice:1"),
    "paid": ("hasty", "UpsertWorkflowSearchAttributes"),
    "telling": ("echoing", "emit~2"),
}


@pytest.mark.parametrize("recorded", CHANGED)
async def test_changed_team_is_noticed(recorded: str, replayer: Replayer) -> None:
    team, said = CHANGED[recorded]
    result = await replayer.replay_workflow(_history(recorded, team=team), raise_on_replay_failure=False)
    assert result.replay_failure is not None
    assert "TMPRL1100" in str(result.replay_failure)
    assert said in str(result.replay_failure)


def test_histories_say_nothing_of_the_machine() -> None:
    for file in HISTORIES.glob("*.json"):
        text = file.read_text(encoding="utf-8")
        assert '"identity":"recorder"' in text
        assert "@" not in text


def test_recorded_ids_name_their_callers() -> None:
    ids = [activity.activity_id for activity in scheduled(_history("nested"))]
    assert ids[:4] == ["research/alice:1", "research/bob:1", "writing/alice:1", "writing/bob:1"]


def _history(recorded: str, *, team: str | None = None) -> WorkflowHistory:
    """A recorded history; with `team`, as if that team had been asked for."""
    value = json.loads((HISTORIES / f"{recorded}.json").read_text(encoding="utf-8"))
    if team is not None:
        _ask_for(team, value["events"][0]["workflowExecutionStartedEventAttributes"]["input"]["payloads"][0])
    return WorkflowHistory.from_json(f"recorded-{recorded}", value)


def _ask_for(team: str, payload: dict[str, Any]) -> None:
    request = json.loads(base64.b64decode(payload["data"]))
    payload["data"] = base64.b64encode(json.dumps({**request, "team": team}).encode()).decode()
