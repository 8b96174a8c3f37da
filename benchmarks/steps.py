"""How long a durable step takes, beside an activity that does nothing."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import quantiles
from uuid import uuid4

from benchmarks import histories
from benchmarks.app import STEPS
from benchmarks.by_hand import TASK_QUEUE, Bare, nothing
from benchmarks.figures import Figure
from benchmarks.histories import Step
from benchmarks.stage import Stage, beside, with_worker

WANTED = 2000
_WARM_UP = 2


async def measure() -> list[Figure]:
    """Run the team `steps` and the bare workflow by turns, and read the times of their events."""
    durable: list[Step] = []
    bare: list[Step] = []
    async with (
        with_worker() as (stage, worker),
        beside(worker, task_queue=TASK_QUEUE, workflow=Bare, activities=[nothing]),
    ):
        for round_ in range(WANTED // STEPS + _WARM_UP):
            team, plain = await _team(stage), await _bare(stage)
            if round_ >= _WARM_UP:
                durable += team
                bare += plain
    return _figures(durable, bare)


async def _team(stage: Stage) -> list[Step]:
    run = await stage.perdure.start("steps", task="Speak.")
    await run.result()
    return await _steps(stage, run.id)


async def _bare(stage: Stage) -> list[Step]:
    id_ = f"bare-{uuid4()}"
    await stage.client.execute_workflow(Bare.run, id=id_, task_queue=TASK_QUEUE)
    return await _steps(stage, id_)


async def _steps(stage: Stage, id_: str) -> list[Step]:
    return [step for part in await histories.chain(stage.client, id_) for step in histories.steps(part)]


def _figures(durable: list[Step], bare: list[Step]) -> list[Figure]:
    result, plain = [step.result for step in durable], [step.result for step in bare]
    whole, whole_plain = _whole(durable), _whole(bare)
    return [
        Figure.at_most("durable step, schedule to result, p50", _cut(result, 50), "ms", limit=12),
        Figure.at_most("durable step, schedule to result, p95", _cut(result, 95), "ms", limit=25),
        Figure.at_most(f"durable step, schedule to result, longest of {len(result):,}", max(result), "ms", limit=500),
        Figure.printed("durable step, schedule to next schedule, p50", _cut(whole, 50), "ms"),
        Figure.printed("durable step, schedule to next schedule, p95", _cut(whole, 95), "ms"),
        Figure.at_most(
            f"durable step, schedule to next schedule, longest of {len(whole):,}", max(whole), "ms", limit=500
        ),
        Figure.printed("bare activity, schedule to result, p50", _cut(plain, 50), "ms"),
        Figure.printed("bare activity, schedule to next schedule, p50", _cut(whole_plain, 50), "ms"),
        Figure.printed("durable step / bare activity, to result, p50", _cut(result, 50) / _cut(plain, 50), "x"),
        Figure.printed("durable step / bare activity, to next, p50", _cut(whole, 50) / _cut(whole_plain, 50), "x"),
    ]


def _whole(steps: Iterable[Step]) -> list[float]:
    return [step.next for step in steps if step.next is not None]


def _cut(values: list[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1]
