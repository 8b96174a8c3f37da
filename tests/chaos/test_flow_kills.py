"""`kill -9` of the worker of a flow, again and again: each step is done once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.flows import FlowRequest
from contracts.ports import StateStore
from contracts.state import Place
from perdure import Perdure
from perdure.settings import Settings
from perdure.stores import open_stores
from perdure.temporal_server import TemporalServer
from tests.support.chaos_worker import WorkerHome, kill
from tests.support.flow_runs import FLOW_APP, flow, put
from tests.support.running import new_queue

TO = 120
KILLS = 5


@pytest.mark.long
async def test_a_killed_worker_repeats_nothing(temporal: TemporalServer, client: Client, tmp_path: Path) -> None:
    home = WorkerHome(folder=tmp_path, temporal=temporal.place.address, model_url="http://127.0.0.1:9", app=FLOW_APP)
    steps = {
        "add": {"set": {"write": [{"document": "count", "patch": {"n": "${count.n + 1}"}}]}, "next": "look"},
        "look": {"branch": {"cases": [{"when": f"count.n < {TO}", "to": "add"}], "else": "end"}},
    }
    documents = {"count": {"namespace": "counters", "key": "killed"}}
    definition = flow(steps, documents=documents, output=["${count.n}", "${steps.add.visits}"])
    async with open_stores(Settings(home=tmp_path)) as stores:
        await stores.state.commit(put("counters", "killed", {"n": 0}))
        run = await (await Perdure.using(client)).submit_flow(FlowRequest(run_id=new_queue(), flow=definition))
        for number in range(KILLS):
            async with home.worker() as child:
                await _beyond(stores.state, number * TO // (KILLS + 1))
                await kill(child)
        async with home.worker():
            result = await run.result(timeout=300, wait_when_stuck=True)
        found = await stores.state.get(Place(namespace="counters", key="killed"), fresh=True)
    assert result.output == [TO, TO]
    assert found is not None
    assert found.version == TO + 1


async def _beyond(state: StateStore, number: int) -> None:
    """Wait until so much is counted."""
    place = Place(namespace="counters", key="killed")
    async with asyncio.timeout(60):
        while (found := await state.get(place, fresh=True)) is None or found.value["n"] <= number:
            await asyncio.sleep(0.01)
