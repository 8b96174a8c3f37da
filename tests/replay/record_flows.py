"""Record a history of each kind of step for the replay tests: ``python -m tests.replay.record_flows [KIND …]``.

As `tests.replay.record` does for teams: run it after a change that is meant to alter what flows schedule.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from temporalio.client import Client

from contracts.errors import RunFailed
from contracts.flows import FlowRequest
from perdure.stores import Stores, open_stores
from tests.replay.record import recorder, write
from tests.support.chaos_chains import ImpatientServer
from tests.support.flow_kinds import KINDS, Kind
from tests.support.flow_runs import FLOW_APP
from tests.support.running import APP, Runner

FLOW_HISTORIES = Path(__file__).parent / "histories" / "flows"


async def record(names: list[str]) -> None:
    """Run each flow on a server of its own, which suggests new histories early, and write down what happened."""
    async with (
        recorder(ImpatientServer, app=(APP, FLOW_APP)) as running,
        open_stores(running.settings) as stores,
    ):
        for name in names:
            await _record(running, stores, name, KINDS[name])


async def _record(running: Runner, stores: Stores, name: str, kind: Kind) -> None:
    request = FlowRequest(
        run_id=f"recorded-{name}",
        flow=kind.flow,
        flows={child.name: child for child in kind.children},
        input=dict(kind.input),
    )
    run = await running.perdure.submit_flow(request)
    if kind.beside is not None:
        await kind.beside(run, stores)
    try:
        await run.result(timeout=60)
    except RunFailed as error:
        print(f"{name}: {error}")  # noqa: T201 - a command
    await _write(running.client, run.id, FLOW_HISTORIES / f"{name}.json")


async def _write(client: Client, run_id: str, file: Path) -> None:
    """Write the last history of a flow, and of one that went on the first one too."""
    history = await client.get_workflow_handle(run_id).fetch_history()
    first = history.events[0].workflow_execution_started_event_attributes
    FLOW_HISTORIES.mkdir(parents=True, exist_ok=True)
    write(history, file)
    if first.continued_execution_run_id:
        handle = client.get_workflow_handle(run_id, run_id=first.first_execution_run_id)
        write(await handle.fetch_history(), file.with_name(f"{file.stem}_first.json"))
    print(f"{file.stem}: {len(history.events)} events")  # noqa: T201 - a command


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:] or list(KINDS)))
