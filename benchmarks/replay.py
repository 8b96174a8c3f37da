"""How long it takes to replay a long conversation offline."""

from __future__ import annotations

import time
from statistics import median

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from benchmarks.app import REPLAYED_TURNS
from benchmarks.figures import Figure
from benchmarks.stage import with_worker
from workflows.agent_run import AgentRun

ROUNDS = 5


async def measure() -> list[Figure]:
    """Run ten agents, then replay their one history several times."""
    async with with_worker() as (stage, _):
        run = await stage.perdure.start("ten_agents", task="Speak at length.")
        result = await run.result()
        history = await stage.client.get_workflow_handle(run.id).fetch_history()
    assert result.usage.turns == REPLAYED_TURNS, result
    seconds = [await _replay(history) for _ in range(ROUNDS)]
    return [
        Figure.at_most("offline replay of 400 turns of ten agents", median(seconds), "s", limit=2),
        Figure.printed("the slowest of five", max(seconds), "s"),
        Figure.printed("events replayed", len(history.events), ""),
    ]


async def _replay(history: WorkflowHistory) -> float:
    replayer = Replayer(
        workflows=[AgentRun],
        workflow_runner=UnsandboxedWorkflowRunner(),
        data_converter=pydantic_data_converter,
    )
    began = time.perf_counter()
    await replayer.replay_workflow(history)
    return time.perf_counter() - began
