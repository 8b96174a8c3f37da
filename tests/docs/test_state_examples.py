"""The README's flow, decisions and triggers, typed as a reader types them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.docs.pages import block
from tests.docs.typed import printed, type_in

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("dev_server")]

FLOW = block("README.md, Branch on state, yaml 1")
GIVEN = block("README.md, Branch on state, yaml 2")
BRANCH = block("README.md, Branch on state, console 1")
EVENTS = block("README.md, Events and conversations in one run, console 1")
_WAIT_SECONDS = 30


def test_the_flow_is_checked_simulated_run_answered_and_explained(project: Path, stack: dict[str, str]) -> None:
    (project / "refund.yaml").write_text(FLOW.text)
    (project / "given.yaml").write_text(GIVEN.text)
    *first, explain, history = BRANCH.commands()
    printed(type_in(project, *first))
    _until_completed(project, "refund-7")
    explained = printed(type_in(project, explain))
    assert "no case was true (ticket.amount = 240)" in explained
    assert "tickets/7, version 1" in explained
    versions = json.loads(printed(type_in(project, f"{history} --json")))
    assert [version["value"]["status"] for version in versions] == ["refunded", "new"]


def test_a_trigger_starts_a_run(project: Path, stack: dict[str, str]) -> None:
    *commands, runs = EVENTS.commands()
    printed(type_in(project, *commands))
    end = time.monotonic() + _WAIT_SECONDS
    while "event-" not in printed(type_in(project, runs)):
        assert time.monotonic() < end, "no run was started"
        time.sleep(0.2)


def _until_completed(project: Path, run_id: str) -> None:
    end = time.monotonic() + _WAIT_SECONDS
    while json.loads(printed(type_in(project, f"perdure show {run_id} --json")))["status"] != "completed":
        assert time.monotonic() < end, f"{run_id} does not come to an end"
        time.sleep(0.2)
