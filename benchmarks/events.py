"""How soon an event has started a run, by the relay of a worker and a database that other processes write."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from statistics import quantiles

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from benchmarks.figures import Figure
from benchmarks.stage import with_worker
from contracts.ports import StateStore
from contracts.state import DEFAULT_TENANT, Commit, Emitted, Write
from events.starts import workflow_id
from perdure.stores import open_stores

EVENTS = 200
BURST = 500
_WARM_UP = 20
_SOURCE = "/bench"
_TRIGGER = {"type": "asked", "start_team": {"team": "once", "task": "Speak of ${event.id}."}}


async def measure() -> list[Figure]:
    """Emit events one after another, then many at once; the worker learns of them as it does of another process."""
    async with with_worker() as (stage, _), open_stores(stage.settings) as stores:
        write = Write(kind="put", namespace="perdure.triggers", key="bench", value=_TRIGGER)
        await stores.state.commit(Commit(writes=(write,)))
        lone = [await _lone(stores.state, stage.client, number) for number in range(_WARM_UP + EVENTS)][_WARM_UP:]
        seconds = await _burst(stores.state, stage.client)
    return [
        Figure.printed("event to started run, p50", _cut(lone, 50), "ms"),
        Figure.at_most("event to started run, p95", _cut(lone, 95), "ms", limit=150),
        Figure.printed(f"event to started run, longest of {EVENTS}", max(lone), "ms"),
        Figure.printed(f"runs started a second, {BURST} events of {BURST} subjects at once", BURST / seconds, "/s"),
    ]


async def _lone(state: StateStore, client: Client, number: int) -> float:
    """Milliseconds from before the commit of an event to the start of its run, by the clocks of one machine."""
    emitted = time.time()
    await _emit(state, f"lone-{number}")
    started = await _started(client, f"lone-{number}")
    await client.get_workflow_handle(_id(f"lone-{number}")).result()
    return (started.timestamp() - emitted) * 1000


async def _burst(state: StateStore, client: Client) -> float:
    """Seconds from before the first commit to the start of the last run."""
    ids = [f"burst-{number}" for number in range(BURST)]
    began = time.time()
    await asyncio.gather(*(_emit(state, id_) for id_ in ids))
    return max([(await _started(client, id_)).timestamp() for id_ in ids]) - began


async def _emit(state: StateStore, id_: str) -> None:
    await state.commit(Commit(events=(Emitted(id=id_, source=_SOURCE, type="asked", subject=id_),)))


async def _started(client: Client, id_: str) -> datetime:
    while True:
        try:
            return (await client.get_workflow_handle(_id(id_)).describe()).start_time
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            await asyncio.sleep(0.005)


def _id(event_id: str) -> str:
    return workflow_id(DEFAULT_TENANT, "bench", _SOURCE, event_id)


def _cut(values: list[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1]
