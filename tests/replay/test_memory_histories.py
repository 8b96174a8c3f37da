"""Runs with a memory that were recorded once go on under today's code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from agents.registry import load_app
from tests.replay.record_memory import FORGOTTEN, MEMORY_HISTORIES
from tests.support.memory_kinds import KINDS, MEMORY_APP
from tests.support.running import scheduled
from workflows.agent_run import AgentRun

FILES = sorted(MEMORY_HISTORIES.glob("*.json"))


@pytest.fixture(scope="module")
def replayer() -> Replayer:
    load_app((MEMORY_APP,))
    return Replayer(
        workflows=[AgentRun], workflow_runner=UnsandboxedWorkflowRunner(), data_converter=pydantic_data_converter
    )


def test_every_kind_is_recorded() -> None:
    assert {file.stem for file in FILES} >= {*KINDS, FORGOTTEN, "onward_2"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_recorded_history_replays(file: Path, replayer: Replayer) -> None:
    result = await replayer.replay_workflow(_history(file.stem), raise_on_replay_failure=False)
    assert result.replay_failure is None


def test_what_was_forgotten_is_sent_again_under_another_id() -> None:
    ids = [activity.activity_id for activity in scheduled(_history(FORGOTTEN))]
    assert ids[-3:] == ["remember", "remember~put1", "remember~2"]


def test_a_new_history_recalls_nothing_again_and_learns_of_its_own_part() -> None:
    ids = [activity.activity_id for activity in scheduled(_history("onward_2"))]
    assert "recall" not in ids
    assert ids.count("remember") == 1


def test_histories_say_nothing_of_the_machine() -> None:
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        assert '"identity":"recorder"' in text
        assert "@" not in text


def _history(recorded: str) -> WorkflowHistory:
    value = json.loads((MEMORY_HISTORIES / f"{recorded}.json").read_text(encoding="utf-8"))
    return WorkflowHistory.from_json(f"recorded-{recorded}", value)
