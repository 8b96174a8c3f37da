"""Record a history of each team kind for the replay tests: ``python -m tests.replay.record [TEAM …]``.

Run it after a change that is meant to alter what runs schedule, and commit what it wrote: runs of earlier versions that
are still under way would not survive such a change.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Set
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHistory

from perdure import connection, temporal_binary
from perdure.ports import free_port
from perdure.run import Run
from perdure.settings import TemporalSettings
from perdure.temporal_server import ServerPlace, TemporalServer
from tests.support.model_server import ModelServer
from tests.support.outside import event, hand_over, until_emitted, waiting, wake
from tests.support.running import APP, Runner, runner
from tests.support.scripts import teams
from tests.support.teams import TEAMS

HISTORIES = Path(__file__).parent / "histories"
TASK_QUEUE = "perdure"
BRIDGE_APPS = ("tests.support.bridge_teams", "tests.support.routed_teams")
# What says where and when it was recorded, and what replay does not look at.
_REPLACED = {"identity": "recorder"}
_LEFT_OUT = {"taskId", "requestId", "meteringMetadata", "historySizeBytes", "userMetadata", "memo", "priority"}


async def _pay(running: Runner, run: Run) -> None:
    await wake(running, run, event(7), wait=await waiting(running, run))


async def _tell_news(running: Runner, run: Run) -> None:
    await hand_over(running, run, event(1, type="news", data={"what": "rain"}), event(2, type="unknown"))


async def _file_claims(running: Runner, run: Run) -> None:
    claims = [event(number, type="claim.filed", data={"what": f"claim {number}"}) for number in (1, 2, 1)]
    await hand_over(running, run, *claims)
    await until_emitted(running, run, 2)
    await hand_over(running, run, event(3, type="closing"))


async def _leave_alone(running: Runner, run: Run) -> None:
    """Nothing comes from outside."""


# Teams that hear events or tell of them, each with what happens to its run.
BRIDGED: Mapping[str, Callable[[Runner, Run], Awaitable[None]]] = {
    "paid": _pay,
    "hasty": _leave_alone,
    "telling": _leave_alone,
    "listening-selector": _tell_news,
    "listening-magentic_one": _tell_news,
    "claims": _file_claims,
    "one-claim": _leave_alone,
}


async def record(names: list[str]) -> None:
    """Run each team on a server of its own and write down what happened."""
    async with recorder(TemporalServer, app=(APP, *BRIDGE_APPS)) as running:
        for name in names:
            await _record(running, name)


@asynccontextmanager
async def recorder(kind: type[TemporalServer], *, app: tuple[str, ...]) -> AsyncIterator[Runner]:
    """A worker on a Temporal server of its own, whose histories can be kept.

    Args:
        kind: of the server.
        app: modules with teams, models and tools.
    """
    async with (
        scenery(kind) as (client, home, model),
        runner(client, home, model_url=model.url, app=app, task_queue=TASK_QUEUE) as running,
    ):
        yield running


@asynccontextmanager
async def scenery(kind: type[TemporalServer]) -> AsyncIterator[tuple[Client, Path, ModelServer]]:
    """A Temporal server of its own, a data folder and a model, for workers whose histories can be kept."""
    with tempfile.TemporaryDirectory() as folder, ModelServer(teams) as model:
        home = Path(folder)
        binary = await temporal_binary.find(os.environ, say=print)
        place = ServerPlace(
            port=free_port(), ui_port=free_port(), database=home / "temporal.db", log=home / "temporal.log"
        )
        server = kind(binary, place)
        await server.start()
        try:
            yield await connection.connect(TemporalSettings(address=place.address)), home, model
        finally:
            await server.stop()


async def _record(running: Runner, name: str) -> None:
    run = await running.start(name, run_id=f"recorded-{name}")
    await BRIDGED.get(name, _leave_alone)(running, run)
    await run.result(timeout=60)
    history = await running.history(run)
    write(history, HISTORIES / f"{name}.json")
    print(f"{name}: {len(history.events)} events")  # noqa: T201 - a command


def write(history: WorkflowHistory, file: Path, *, sized: bool = False) -> None:
    """Write a history, one event a line, without what says where it was recorded.

    Args:
        history: what is written.
        file: where to.
        sized: keep how large it was at each task, by which a run decides whether to go on in a new one.
    """
    left_out = _LEFT_OUT - {"historySizeBytes"} if sized else _LEFT_OUT
    events = [
        json.dumps(_kept(event, left_out), sort_keys=True, separators=(",", ":"))
        for event in history.to_json_dict()["events"]
    ]
    file.write_text('{"events": [\n' + ",\n".join(events) + "\n]}\n", encoding="utf-8")


def _kept(value: Any, left_out: Set[str]) -> Any:
    if isinstance(value, dict) and value.get("kind") == "TASK_QUEUE_KIND_STICKY":
        return {**value, "name": "sticky"}  # its name holds the machine's
    if isinstance(value, dict):
        return {key: _REPLACED.get(key) or _kept(part, left_out) for key, part in value.items() if key not in left_out}
    return [_kept(part, left_out) for part in value] if isinstance(value, list) else value


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:] or [*TEAMS, *BRIDGED]))
