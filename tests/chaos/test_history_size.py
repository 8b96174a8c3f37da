"""History grows with what is new: a model call costs the same late in a conversation as early."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from tests.support.chaos_chains import parts, replay, report
from tests.support.running import runner

MOST_BYTES_A_CALL = 5 * 1024
APP = ("tests.support.chaos_app",)


@pytest.mark.long
@pytest.mark.parametrize("team", ["two-200", "selector-100", "buffered-200", "head_and_tail-200", "magentic-70"])
async def test_a_late_call_weighs_what_an_early_one_does(team: str, client: Client, tmp_path: Path) -> None:
    async with runner(client, tmp_path, model_url=None, app=APP) as worker:
        run = await worker.start(team, model="recording-long")
        result = await run.result()
    (part,) = await parts(client, run.id)
    weights = _bytes_a_call(part.history.events)
    average = part.size / result.usage.model_calls
    early, late = _mean(weights[25:75]), _mean(weights[-50:])
    report(
        f"{team}: {average:.0f} bytes a call; calls 25 to 75 {early:.0f}, the last 50 {late:.0f}; most {max(weights)}"
    )
    assert average <= MOST_BYTES_A_CALL
    assert late == pytest.approx(early, rel=0.2)
    await replay([part])


def _bytes_a_call(events: Sequence[HistoryEvent]) -> list[int]:
    """Bytes of history from one model call to the next."""
    weights = [0]
    for event in events:
        weights[-1] += event.ByteSize()
        if event.activity_task_scheduled_event_attributes.activity_type.name == "call_model":
            weights.append(0)
    return weights


def _mean(weights: Sequence[int]) -> float:
    return sum(weights) / len(weights)
