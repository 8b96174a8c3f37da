"""Record a history of each way to remember for the replay tests: ``python -m tests.replay.record_memory [KIND …]``.

As `tests.replay.record` does for teams: run it after a change that is meant to alter what runs schedule.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from perdure.temporal_server import TemporalServer
from tests.replay.record import TASK_QUEUE, scenery, write
from tests.support.chaos_chains import ImpatientServer, parts
from tests.support.memory_kinds import KINDS, MEMORY_APP, MemoryKind, forgotten
from tests.support.running import APP, runner

MEMORY_HISTORIES = Path(__file__).parent / "histories" / "memory"
FORGOTTEN = "forgotten_texts"


async def record(names: list[str]) -> None:
    """Run each kind on a server of its own and write down what happened."""
    MEMORY_HISTORIES.mkdir(parents=True, exist_ok=True)
    for name in names:
        await (_record_forgotten() if name == FORGOTTEN else _record(name, KINDS[name]))


async def _record(name: str, kind: MemoryKind) -> None:
    async with (
        scenery(ImpatientServer if kind.onward else TemporalServer) as (client, home, model),
        runner(
            client,
            home,
            model_url=model.url,
            app=(APP, MEMORY_APP),
            task_queue=TASK_QUEUE,
            memories=kind.notes().memories(),
        ) as running,
    ):
        run = await kind.start(running, f"recorded-{name}")
        await run.result(timeout=90)
        for number, part in enumerate(await parts(client, run.id), 1):
            write(
                part.history, MEMORY_HISTORIES / f"{name}{'' if number == 1 else f'_{number}'}.json", sized=kind.onward
            )
            print(f"{name}: {len(part.history.events)} events")  # noqa: T201 - a command


async def _record_forgotten() -> None:
    async with scenery(TemporalServer) as (client, home, model):
        run = await forgotten(client, home, model_url=model.url, task_queue=TASK_QUEUE, run_id=f"recorded-{FORGOTTEN}")
        history = await client.get_workflow_handle(run.id).fetch_history()
        write(history, MEMORY_HISTORIES / f"{FORGOTTEN}.json")
        print(f"{FORGOTTEN}: {len(history.events)} events")  # noqa: T201 - a command


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:] or [*KINDS, FORGOTTEN]))
