"""Runs per second, 20 at once, beside a workflow written by hand that makes the same calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median
from uuid import uuid4

from pydantic import BaseModel
from temporalio.contrib.pydantic import pydantic_data_converter

from benchmarks import histories
from benchmarks.by_hand import SCRIPT, TASK_QUEUE, ByHand, Call
from benchmarks.figures import Figure
from benchmarks.histories import History
from benchmarks.stage import Stage, beside, with_worker
from contracts.calls import ModelOutcome, ModelRequest, ToolOutcome, ToolRequest

AT_ONCE = 20
RUNS = 40
ROUNDS = 7
_TYPES: dict[str, tuple[type[BaseModel], type[BaseModel]]] = {
    "call_model": (ModelRequest, ModelOutcome),
    "call_tool": (ToolRequest, ToolOutcome),
}
Start = Callable[[], Awaitable[object]]


async def measure() -> list[Figure]:
    """Measure by turns: the team, the workflow by hand, the team with quick tools."""
    async with with_worker() as (stage, worker):
        SCRIPT.calls = await _calls_of_a_run(stage)
        async with beside(worker, task_queue=TASK_QUEUE, workflow=ByHand):
            return await _compare(stage)


async def _compare(stage: Stage) -> list[Figure]:
    kinds: dict[str, Start] = {
        "team": lambda: _team(stage, "tools"),
        "by hand": lambda: _by_hand(stage),
        "quick": lambda: _team(stage, "quick_tools"),
    }
    rates: dict[str, list[float]] = {kind: [] for kind in kinds}
    for kind, start in [*kinds.items()] * (ROUNDS + 1):
        rates[kind].append(await _rate(start))
    team, by_hand, quick = (median(rates[kind][1:]) for kind in kinds)  # The first round warms up.
    return [
        Figure.printed("team of 6 model and 5 tool calls, 20 at once", team, "runs/s"),
        Figure.printed("the same 11 activities in a workflow by hand", by_hand, "runs/s"),
        Figure.printed("the team with quick tools", quick, "runs/s"),
        Figure.at_least("team / by hand", team / by_hand, "x", limit=0.85),
        Figure.at_least("team with quick tools / by hand", quick / by_hand, "x", limit=1.0),
    ]


async def _rate(start: Start) -> float:
    places = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with places:
            await start()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(RUNS)))
    return RUNS / (time.perf_counter() - began)


async def _team(stage: Stage, name: str) -> object:
    return await (await stage.perdure.start(name, task="Weigh it.")).result()


async def _by_hand(stage: Stage) -> object:
    return await stage.client.execute_workflow(ByHand.run, id=f"by-hand-{uuid4()}", task_queue=TASK_QUEUE)


async def _calls_of_a_run(stage: Stage) -> list[Call]:
    run = await stage.perdure.start("tools", task="Weigh it.")
    await run.result()
    (history,) = await histories.chain(stage.client, run.id)
    calls = await _calls(history)
    made = [call.activity for call in calls]
    assert (made.count("call_model"), made.count("call_tool")) == (6, 5), made
    return calls


async def _calls(history: History) -> list[Call]:
    calls = []
    for event in history:
        if event.event_type != histories.SCHEDULED:
            continue
        asked = event.activity_task_scheduled_event_attributes
        kind, outcome = _TYPES[asked.activity_type.name]
        (request,) = await pydantic_data_converter.decode(asked.input.payloads, [kind])
        calls.append(
            Call(activity=asked.activity_type.name, activity_id=asked.activity_id, request=request, outcome=outcome)
        )
    return calls
