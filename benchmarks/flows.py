"""How long a flow takes to decide, and how much a step costs beside the activity that it runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from statistics import quantiles
from uuid import uuid4

from temporalio.worker import Worker

from agents import tool
from benchmarks import histories
from benchmarks.figures import Figure
from benchmarks.flow_by_hand import TASK_QUEUE, CallsByHand
from benchmarks.histories import History, Step
from benchmarks.stage import Stage, beside, with_worker
from contracts.flows import Flow, FlowRequest
from contracts.state import Commit, Write
from perdure.stores import open_stores

_CALLS = 100
_ROUNDS = 8
_DECISIONS = 1_000
_WARM_UP = 1
_MARKER = "core_local_activity"
_DOCUMENTS = ("ticket", "customer", "policy")


@tool
def nothing_much(number: int) -> int:
    """Return the next number."""
    return number + 1


async def measure() -> list[Figure]:
    """Run flows that call, the same calls by hand, and a flow that branches, by turns."""
    async with with_worker() as (stage, worker), _by_hand(worker):
        await _write(stage)
        flow: list[Step] = []
        plain: list[Step] = []
        decided: list[float] = []
        for round_ in range(_ROUNDS + _WARM_UP):
            of_flow, by_hand = await _flow(stage), await _calls(stage)
            times = await _decisions(stage)
            if round_ >= _WARM_UP:
                flow += of_flow
                plain += by_hand
                decided += times
    return _figures(flow, plain, decided)


def _by_hand(worker: Worker) -> Worker:
    return beside(worker, task_queue=TASK_QUEUE, workflow=CallsByHand)


def _calling() -> Flow:
    call = {"tool": "nothing_much", "arguments": {"number": "${input.number}"}}
    again = {"call": {"call": call, "next": "call", "most_visits": _CALLS, "beyond": "end"}}
    return Flow.model_validate({"name": "calling", "start": "call", "steps": again})


def _branching() -> Flow:
    when = "ticket.confidence > 0.8 && customer.plan in policy.plans && !(ticket.kind in policy.manual)"
    step = {"branch": {"cases": [{"when": when, "to": "decide"}], "else": "end"}}
    documents = {name: {"namespace": "bench", "key": name} for name in _DOCUMENTS}
    bounded = {**step, "most_visits": _DECISIONS // _ROUNDS, "beyond": "end"}
    return Flow.model_validate(
        {"name": "branching", "start": "decide", "documents": documents, "steps": {"decide": bounded}}
    )


async def _write(stage: Stage) -> None:
    values = {
        "ticket": {"confidence": 0.9, "kind": "invoice", "text": "x" * 2_000},
        "customer": {"plan": "gold", "name": "Ada"},
        "policy": {"plans": ["gold", "silver"], "manual": ["refund"]},
    }
    writes = tuple(Write(kind="put", namespace="bench", key=name, value=value) for name, value in values.items())
    async with open_stores(stage.settings) as stores:
        await stores.state.commit(Commit(writes=writes))


async def _run(stage: Stage, flow: Flow) -> History:
    run = await stage.perdure.submit_flow(FlowRequest(run_id=f"bench-{uuid4()}", flow=flow, input={"number": 1}))
    await run.result()
    return (await histories.chain(stage.client, run.id))[0]


async def _flow(stage: Stage) -> list[Step]:
    history = await _run(stage, _calling())
    return list(histories.steps(history))[1:-1]  # what tells of the flow's life is no step of it


async def _calls(stage: Stage) -> list[Step]:
    id_ = f"bench-{uuid4()}"
    await stage.client.execute_workflow(CallsByHand.run, _CALLS, id=id_, task_queue=TASK_QUEUE)
    return list(histories.steps((await histories.chain(stage.client, id_))[0]))


async def _decisions(stage: Stage) -> list[float]:
    """Milliseconds from one decision that is made to the next."""
    markers = [event.marker_recorded_event_attributes for event in await _run(stage, _branching())]
    found = [json.loads(marker.details["data"].payloads[0].data) for marker in markers if marker.marker_name == _MARKER]
    return [after - before for before, after in pairwise(_moment(about["complete_time"]) for about in found)]


def _moment(value: dict[str, int] | str) -> float:
    """Milliseconds since the epoch."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).timestamp() * 1000
    return value.get("seconds", 0) * 1000 + value.get("nanos", 0) / 1e6


def _figures(flow: Sequence[Step], plain: Sequence[Step], decided: Sequence[float]) -> list[Figure]:
    step, call = _whole(flow), _whole(plain)
    above = _cut(step, 50) - _cut(call, 50)
    return [
        Figure.at_most(
            "branch decision (read, evaluate, record), to the next one, p50", _cut(decided, 50), "ms", limit=8
        ),
        Figure.printed("branch decision (read, evaluate, record), to the next one, p95", _cut(decided, 95), "ms"),
        Figure.at_most("flow step, above its activity called by hand, p50", above, "ms", limit=5),
        Figure.printed("flow step, schedule to next schedule, p50", _cut(step, 50), "ms"),
        Figure.printed("flow step, schedule to next schedule, p95", _cut(step, 95), "ms"),
        Figure.printed("the same activity by hand, schedule to next schedule, p50", _cut(call, 50), "ms"),
    ]


def _whole(steps: Sequence[Step]) -> list[float]:
    return [step.next for step in steps if step.next is not None]


def _cut(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1]
