"""A workflow that is written by hand uses the steps of flows."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError

from contracts.flows import Answer, Question
from contracts.state import Place
from perdure.stores import Stores
from tests.support.flow_by_hand import Refund
from tests.support.flow_runs import Flows, put
from tests.support.flow_worker import flow_worker, waiting
from tests.support.running import new_queue


async def _question(handle: WorkflowHandle[Any, Any]) -> Question:
    async with asyncio.timeout(20):
        while not (found := await handle.query("questions", result_type=tuple[Question, ...])):
            await asyncio.sleep(0.02)
    question: Question = found[0]
    return question


async def test_every_step_by_hand(client: Client, flows: Flows, stores: Stores) -> None:
    order, task_queue = secrets.token_hex(4), new_queue()
    await stores.state.commit(put("orders", order, {"total": 80}))
    async with flow_worker(client, stores, flows.running.settings, task_queue=task_queue, workflow=Refund):
        handle = await client.start_workflow(Refund.run, order, id=new_queue(), task_queue=task_queue)
        assert (await _question(handle)).question == "Refund it?"
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update("answer", Answer(step="ask", value="perhaps"))
        await handle.execute_update("answer", Answer(step="ask", value=True))
        await waiting(stores.events, [("main", "orders", order)])
        await stores.state.commit(put("orders", order, {"total": 80, "paid": True}))
        result = await handle.result()
    assert (result["read"], result["said"], result["version"]) == (1, True, 3)
    found = await stores.state.get(Place(namespace="orders", key=order), fresh=True)
    assert found is not None
    assert (found.value["refunded"], found.author.run, found.author.why) == (True, handle.id, "the policy says so")
    events = await stores.events.events(after=0, limit=1000, types=("order.refunded",))
    assert [(event.id, event.data) for event in events if event.subject == order] == [(result["event"], {"said": True})]


async def test_a_small_order_asks_nobody(client: Client, flows: Flows, stores: Stores) -> None:
    order, task_queue = secrets.token_hex(4), new_queue()
    await stores.state.commit(put("orders", order, {"total": 8}))
    async with flow_worker(client, stores, flows.running.settings, task_queue=task_queue, workflow=Refund):
        result = await client.execute_workflow(Refund.run, order, id=new_queue(), task_queue=task_queue)
    assert (result["said"], result["version"]) == (None, 2)
