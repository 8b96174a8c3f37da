"""Flows that were recorded once go on under today's code, with the definition that they started with."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from flows.registry import FLOWS
from tests.replay.record_flows import FLOW_HISTORIES
from tests.support.flow_kinds import KINDS
from tests.support.flow_runs import call, flow
from workflows.flow_run import FlowRun

FILES = sorted(FLOW_HISTORIES.glob("*.json"))


@pytest.fixture(scope="module")
def replayer() -> Replayer:
    return Replayer(
        workflows=[FlowRun], workflow_runner=UnsandboxedWorkflowRunner(), data_converter=pydantic_data_converter
    )


def test_every_kind_is_recorded() -> None:
    assert {file.stem for file in FILES} == {*KINDS, "onward_first"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_recorded_flow_replays(file: Path, replayer: Replayer) -> None:
    result = await replayer.replay_workflow(_history(file.stem), raise_on_replay_failure=False)
    assert result.replay_failure is None


async def test_what_is_registered_today_changes_no_flow_that_runs(replayer: Replayer) -> None:
    FLOWS.add(flow({"other": call("double", number=1)}, name="tried", version="2"))
    result = await replayer.replay_workflow(_history("call"), raise_on_replay_failure=False)
    assert result.replay_failure is None


def _renamed(request: dict[str, Any]) -> None:
    steps = request["flow"]["steps"]
    steps["z"], request["flow"]["start"] = steps.pop("a"), "z"


def _slower(request: dict[str, Any]) -> None:
    request["flow"]["steps"]["a"]["map"]["at_once"] = 1


def _other_tool(request: dict[str, Any]) -> None:
    request["flow"]["steps"]["a"] = {"emit": {"type": "x"}, "next": "end"}


CHANGED: dict[str, tuple[str, Callable[[dict[str, Any]], None]]] = {
    "renamed": ("call", _renamed),
    "another order": ("map", _slower),
    "another kind": ("call", _other_tool),
}


@pytest.mark.parametrize("how", CHANGED)
async def test_another_definition_is_noticed(how: str, replayer: Replayer) -> None:
    recorded, change = CHANGED[how]
    result = await replayer.replay_workflow(_history(recorded, change=change), raise_on_replay_failure=False)
    assert "TMPRL1100" in str(result.replay_failure)


def test_histories_say_nothing_of_the_machine() -> None:
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        assert '"identity":"recorder"' in text
        assert "@" not in text


def _history(recorded: str, *, change: Callable[[dict[str, Any]], None] | None = None) -> WorkflowHistory:
    value = json.loads((FLOW_HISTORIES / f"{recorded}.json").read_text(encoding="utf-8"))
    if change is not None:
        payload = value["events"][0]["workflowExecutionStartedEventAttributes"]["input"]["payloads"][0]
        request = json.loads(base64.b64decode(payload["data"]))
        change(request)
        payload["data"] = base64.b64encode(json.dumps(request).encode()).decode()
    return WorkflowHistory.from_json(f"recorded-{recorded}", value)
