"""Ways through the example flows that take days, or failures, when they are run."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.flows import Flow
from examples.release.app import RELEASE
from examples.research.app import RESEARCH
from examples.support.app import SUPPORT
from flows.given import Given
from flows.simulation import simulate

TICKET = {"customer": "Ada", "subject": "Help", "text": "It is late."}
LEAD = {"ask_lead": {"value": {"decision": "dismiss"}, "by": "Petra", "note": None}}
PASSED = {"build": {"status": "passed"}, "audit": {"status": "passed"}}
HELD = {"approve": {"value": "ship", "by": "Rita", "note": None}, "publish": {"address": "x"}}


@pytest.mark.parametrize(
    ("flow", "given", "way"),
    [
        (
            SUPPORT,
            {"input": {"ticket": "1"}, "state": {"ticket": TICKET}, "errors": {"triage": "away"}, "outputs": LEAD},
            ["take", "triage", "hand_over", "ask_lead", "decided", "close"],
        ),
        (
            RELEASE,
            {"input": {"version": "1"}, "state": {"build": {"status": "passed"}}},
            ["open", "gates", "refuse_late"],
        ),
        (
            RELEASE,
            {"input": {"version": "1"}, "state": PASSED, "outputs": HELD, "errors": {"stop": "stopped"}},
            [
                *["open", "gates", "judge", "approve", "approved", "note_approval", "publish", "canary", "observe"],
                "stop",
            ],
        ),
        (
            RESEARCH,
            {
                "input": {"question": "?", "notebook": "n", "sources": ["a"], "goal": 0.5, "readings": 10},
                "outputs": {"collect": ["it is so"], "judge": {"value": {"quality": 0.6, "missing": ""}}},
            },
            ["open", "read", "collect", "note", "judge", "keep", "enough", "write", "finish"],
        ),
    ],
)
def test_an_example_goes_the_way_that_it_says(flow: Flow, given: dict[str, Any], way: list[str]) -> None:
    assert [step.step for step in simulate(flow, Given.model_validate(given)).steps] == way
