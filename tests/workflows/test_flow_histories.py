"""A flow that goes on in new histories loses nothing on the way."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle

from contracts.flows import Answer, Flow, FlowRequest, FlowResult, FlowView
from contracts.state import Place
from perdure.stores import Stores
from tests.support import flow_tools
from tests.support.flow_runs import Flows, flow, put
from tests.support.flow_worker import ImpatientFlowRun, flow_worker, waiting
from tests.support.running import new_queue
from workflows.flow_run import FlowRun

COUNTER = {"count": {"namespace": "counters", "key": "${input.id}"}}
Start = Callable[..., Awaitable[WorkflowHandle[Any, FlowResult]]]


def counting(*, to: int) -> Flow:
    """Counts in state, in two steps for each number."""
    steps = {
        "add": {"set": {"write": [{"document": "count", "patch": {"n": "${count.n + 1}"}}]}, "next": "look"},
        "look": {"branch": {"cases": [{"when": f"count.n < {to}", "to": "add"}], "else": "end"}},
    }
    return flow(steps, documents=COUNTER, output=["${count.n}", "${steps.add.visits}"])


@asynccontextmanager
async def worker(
    client: Client, flows: Flows, stores: Stores, *, kind: type[FlowRun] = ImpatientFlowRun, cached: int = 1000
) -> AsyncIterator[Start]:
    """Starts flows whose histories are short."""
    task_queue, settings = new_queue(), flows.running.settings

    async def start(definition: Flow, **values: Any) -> WorkflowHandle[Any, FlowResult]:
        request = FlowRequest(run_id=new_queue(), flow=definition, **values)
        return await client.start_workflow(
            "FlowRun", request, id=request.run_id, task_queue=task_queue, result_type=FlowResult
        )

    async with flow_worker(client, stores, settings, task_queue=task_queue, workflow=kind, max_cached_runs=cached):
        yield start


async def histories(client: Client, handle: WorkflowHandle[Any, Any]) -> int:
    """How many histories a flow that has ended had."""
    count, next_id = 0, handle.first_execution_run_id
    while next_id:
        count += 1
        last = (await client.get_workflow_handle(handle.id, run_id=next_id).fetch_history()).events[-1]
        next_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return count


async def _counted(start: Start, stores: Stores, *, to: int) -> WorkflowHandle[Any, FlowResult]:
    key = secrets.token_hex(4)
    await stores.state.commit(put("counters", key, {"n": 0}))
    handle = await start(counting(to=to), input={"id": key})
    result = await handle.result()
    assert (result.steps, result.output) == (2 * to, [to, to])
    found = await stores.state.get(Place(namespace="counters", key=key), fresh=True)
    assert found is not None
    assert found.version == to + 1
    return handle


@pytest.mark.long
async def test_three_hundred_steps_over_many_histories(client: Client, flows: Flows, stores: Stores) -> None:
    async with worker(client, flows, stores) as start:
        handle = await _counted(start, stores, to=150)
    assert await histories(client, handle) == 8


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_ten_thousand_steps(client: Client, flows: Flows, stores: Stores) -> None:
    async with worker(client, flows, stores, kind=FlowRun) as start:
        handle = await _counted(start, stores, to=5_000)
    assert await histories(client, handle) >= 4


@pytest.mark.long
async def test_steps_that_are_replayed_each_time(client: Client, flows: Flows, stores: Stores) -> None:
    async with worker(client, flows, stores, cached=0) as start:
        await _counted(start, stores, to=50)


async def test_a_map_goes_on_where_it_was(client: Client, flows: Flows, stores: Stores) -> None:
    book = secrets.token_hex(4)
    do = {"call": {"tool": "together", "arguments": {"book": book, "item": "${item}", "bad": 7}}}
    steps = {"all": {"map": {"over": "${input.items}", "do": do, "at_once": 5, "on_failure": "collect"}, "next": "end"}}
    async with worker(client, flows, stores) as start:
        handle = await start(flow(steps, output="${steps.all.output}"), input={"items": list(range(100))})
        result = await handle.result()
    assert result.output["results"] == [None if item == 7 else item for item in range(100)]
    assert [failed["index"] for failed in result.output["failed"]] == [7]
    assert sorted(flow_tools.done[book]) == [item for item in range(100) if item != 7]
    assert await histories(client, handle) == 3


async def test_a_wait_stays_registered(client: Client, flows: Flows, stores: Stores) -> None:
    key = secrets.token_hex(4)
    steps = {"wait": {"wait": {"until": "has(count.n) && count.n > 60"}, "next": "end"}}
    async with worker(client, flows, stores) as start:
        handle = await start(flow(steps, documents=COUNTER), input={"id": key})
        await waiting(stores.events, [("main", "counters", key)])
        for n in range(62):
            await stores.state.commit(put("counters", key, {"n": n}))
            await asyncio.sleep(0.01)
        result = await handle.result()
    assert result.steps == 1
    assert await stores.events.waits("default", documents=[("main", "counters", key)]) == ()


async def test_events_and_questions_are_carried(client: Client, flows: Flows, stores: Stores) -> None:
    steps = {
        **{f"s{n}": {"wait": {"duration": "1ms"}, "next": f"s{n + 1}" if n < 39 else "may"} for n in range(1, 40)},
        "may": {"ask": {"question": "May it?"}, "next": "sent"},
        "sent": {"wait": {"event": {"type": "sent"}}, "next": "end"},
    }
    async with worker(client, flows, stores) as start:
        handle = await start(flow(steps, output=["${steps.may.output.value}", "${steps.sent.output.data}"]))
        sent = {"id": "1", "source": "/s", "type": "sent", "data": 7, "time": "2026-01-01T00:00:00Z", "sequence": 1}
        await handle.signal("event", sent)
        async with asyncio.timeout(20):
            while not (await handle.query("view", result_type=FlowView)).questions:
                await asyncio.sleep(0.02)
        await handle.execute_update("answer", Answer(step="may", value="yes"))
        result = await handle.result()
    assert result.output == ["yes", 7]
    assert await histories(client, handle) == 2
