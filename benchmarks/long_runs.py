"""Runs of 1,000 model calls: what each call adds to the history, at the beginning and at the end."""

from __future__ import annotations

import time
from statistics import mean

from benchmarks import histories
from benchmarks.app import LONG_RUN_CALLS
from benchmarks.figures import Figure
from benchmarks.histories import History
from benchmarks.stage import Stage, with_worker

KINDS = {"two_agents": "two agents", "selector_of_three": "selector of three", "buffered": "buffered contexts"}
_EARLY = slice(90, 110)
_LATE = slice(LONG_RUN_CALLS - 21, LONG_RUN_CALLS - 1)  # The last call has none after it that it could be measured to.


async def measure() -> list[Figure]:
    """Run each kind of team once."""
    async with with_worker() as (stage, _):
        return [figure for team, label in KINDS.items() for figure in await _one(stage, team, label)]


async def _one(stage: Stage, team: str, label: str) -> list[Figure]:
    began = time.perf_counter()
    run = await stage.perdure.start(team, task="Speak at length.")
    result = await run.result()
    seconds = time.perf_counter() - began
    assert result.usage.model_calls == LONG_RUN_CALLS, result
    return _figures(label, await histories.chain(stage.client, run.id), seconds=seconds)


def _figures(label: str, parts: list[History], *, seconds: float) -> list[Figure]:
    per_call = sum(map(histories.size, parts)) / LONG_RUN_CALLS
    added = histories.sizes_by_call(parts, activity="call_model")
    early, late = _average(added[_EARLY]), _average(added[_LATE])
    return [
        Figure.at_most(f"{label}: history a model call, all parts", per_call / 1000, "KB", limit=5),
        Figure.printed(f"{label}: added by calls 91 to 110, on average", early / 1000, "KB"),
        Figure.printed(f"{label}: added by calls 980 to 999, on average", late / 1000, "KB"),
        Figure.at_most(f"{label}: late calls / early calls", late / early, "x", limit=1.2),
        Figure.printed(f"{label}: histories by continue-as-new", len(parts), ""),
        Figure.printed(f"{label}: seconds for 1,000 calls", seconds, "s"),
    ]


def _average(added: list[int]) -> float:
    """The mean, without calls at the seam of two histories, whose size is not known."""
    return mean(size for size in added if size)
