"""Waiting for state, events and times: nothing is missed, nothing is polled, and nothing is left behind."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest
from temporalio.client import Client

from contracts.errors import RunCancelled, RunFailed
from contracts.flows import Flow, FlowRequest
from contracts.state import Commit, Emitted
from perdure.stores import Stores
from tests.support.flow_runs import Flows, call, flow, put
from tests.support.flow_worker import RacedState, flow_worker, waiting
from tests.support.running import new_queue, scheduled

GATE = {"gate": {"namespace": "gates", "key": "${input.id}"}}


def gated(**how: Any) -> Flow:
    """Waits until a gate is open."""
    steps = {
        "wait": {"wait": {"until": "has(gate.open) && gate.open", **how}, "next": "end"},
        "late": call("double", number=1),
    }
    return flow(steps, documents=GATE)


def event(type: str, *, subject: str | None = None, **data: Any) -> Commit:
    """A commit that emits one event."""
    return Commit(events=(Emitted(id=secrets.token_hex(8), source="/tests", type=type, subject=subject, data=data),))


async def test_a_change_of_state_wakes_the_flow(flows: Flows, stores: Stores) -> None:
    key = secrets.token_hex(4)
    run = await flows.start(gated(), input={"id": key})
    await waiting(stores.events, [("main", "gates", key)])
    assert (await run.view()).waiting_for == ("until has(gate.open) && gate.open",)
    await stores.state.commit(put("gates", key, {"open": False}))
    await stores.state.commit(put("gates", key, {"open": True}))
    await run.result(timeout=20)
    assert (await run.decisions())[-1].taken == "true"
    assert await stores.events.waits("default", documents=[("main", "gates", key)]) == ()


async def test_what_is_true_already_is_not_waited_for(flows: Flows, stores: Stores) -> None:
    key = secrets.token_hex(4)
    await stores.state.commit(put("gates", key, {"open": True}))
    run = await flows.start(gated(), input={"id": key})
    await run.result(timeout=20)
    assert [decision.taken for decision in await run.decisions()] == ["true"]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_change_beside_the_read_is_not_missed(
    flows: Flows, stores: Stores, client: Client, moment: str
) -> None:
    key, task_queue = secrets.token_hex(4), new_queue()

    async def change() -> None:
        await stores.state.commit(put("gates", key, {"open": True}))

    state = RacedState(stores.state, **{moment: change})
    settings = flows.running.settings
    async with flow_worker(client, stores, settings, state=state, task_queue=task_queue):
        request = FlowRequest(run_id=new_queue(), flow=gated(), input={"id": key})
        handle = await client.start_workflow("FlowRun", request, id=request.run_id, task_queue=task_queue)
        async with asyncio.timeout(20):
            await handle.result()
    assert state.reads == (1 if moment == "before" else 2)


async def test_nothing_is_read_while_nothing_changes(flows: Flows, stores: Stores) -> None:
    key = secrets.token_hex(4)
    run = await flows.start(gated(), input={"id": key})
    await waiting(stores.events, [("main", "gates", key)])
    await stores.state.commit(put("gates", f"{key}-other", {"open": True}))
    await asyncio.sleep(0.5)
    assert len(await run.decisions()) == 1
    await run.cancel()
    with pytest.raises(RunCancelled):
        await run.result(timeout=20)
    assert await stores.events.waits("default", documents=[("main", "gates", key)]) == ()


async def test_a_wait_that_takes_too_long_goes_elsewhere(flows: Flows) -> None:
    late = await flows.run(gated(timeout="50ms", on_timeout="late"), input={"id": secrets.token_hex(4)})
    assert late.ended == "late"
    with pytest.raises(RunFailed, match=r"step 'wait' failed: TimedOut: what 'wait' waits for did not come within"):
        await flows.run(gated(timeout="50ms"), input={"id": secrets.token_hex(4)})


def awaiting(type: str, **how: Any) -> Flow:
    """Waits for one event, then for another one."""
    steps = {
        "first": {"wait": {"event": {"type": type, **how}}, "next": "second"},
        "second": {"wait": {"event": {"type": type, **how}}, "next": "end"},
    }
    return flow(steps, output=["${steps.first.output.data.n}", "${steps.second.output.data.n}"])


async def test_events_are_taken_one_after_another(flows: Flows, stores: Stores) -> None:
    kind = f"paid.{secrets.token_hex(4)}"
    run = await flows.start(awaiting(kind, when="event.data.id == input.id"), input={"id": "7"})
    async with asyncio.timeout(20):
        while not await stores.events.waits("default", types=(kind,)):
            await asyncio.sleep(0.01)
    for n, id_ in enumerate(["7", "8", "7"]):
        await stores.state.commit(event(kind, n=n, id=id_))
    assert (await run.result(timeout=20)).output == [0, 2]


async def test_an_event_that_was_faster_than_the_wait_counts(flows: Flows, stores: Stores) -> None:
    kind = f"paid.{secrets.token_hex(4)}"
    steps = {
        "ask": {"emit": {"type": f"ask.{kind}"}, "next": "pause"},
        "pause": {"wait": {"duration": "300ms"}, "next": "paid"},
        "paid": {"wait": {"event": {"type": kind}}, "next": "end"},
    }
    run = await flows.start(flow(steps, output="${steps.paid.output.data.n}"))
    await flows.reaches(run, "pause")
    await stores.state.commit(event(kind, n=1))
    assert (await run.result(timeout=20)).output == 1


async def test_events_that_a_trigger_sends_are_kept_until_they_are_waited_for(flows: Flows, stores: Stores) -> None:
    kind = f"sent.{secrets.token_hex(4)}"
    steps = {
        "pause": {"wait": {"duration": "200ms"}, "next": "sent"},
        "sent": {"wait": {"event": {"type": kind, "when": "event.data.n > input.n"}}, "next": "end"},
    }
    run = await flows.start(flow(steps, output="${steps.sent.output.data.n}"), input={"n": 1})
    handle = flows.running.client.get_workflow_handle(run.id)
    for n in (1, 2):
        sent = {
            "id": str(n),
            "source": "/s",
            "type": kind,
            "data": {"n": n},
            "time": "2026-01-01T00:00:00Z",
            "sequence": n,
        }
        await handle.signal("event", sent)
    assert (await run.result(timeout=20)).output == 2


async def test_times(flows: Flows) -> None:
    steps = {
        "pause": {"wait": {"duration": "20ms"}, "next": "past"},
        "past": {"wait": {"time": "${input.when}"}, "next": "end"},
    }
    await flows.run(flow(steps), input={"when": "2020-01-01T00:00:00+01:00"})
    with pytest.raises(RunFailed, match="has no zone"):
        await flows.run(flow(steps), input={"when": "2020-01-01T00:00:00"})


async def test_a_wait_leaves_few_traces(flows: Flows, stores: Stores) -> None:
    key = secrets.token_hex(4)
    await stores.state.commit(put("gates", key, {"open": True}))
    run = await flows.start(gated(), input={"id": key})
    await run.result(timeout=20)
    ids = [activity.activity_id for activity in scheduled(await flows.history(run))]
    assert sorted(ids) == ["flow~ended", "flow~started", "wait:1~unwait", "wait:1~wait"]
