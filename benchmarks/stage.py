"""What a benchmark runs on: a Temporal server and a worker, started as users start them, gone afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.worker import Worker

import worker
from perdure import Perdure, connection, temporal_binary
from perdure.ports import free_port
from perdure.settings import Settings
from perdure.temporal_server import ServerPlace, TemporalServer

APP = ("benchmarks.app",)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A server that runs.

    Attributes:
        settings: settings that lead to it; the data folder is empty.
        client: a connection to it.
        perdure: the same, as users have it.
    """

    settings: Settings
    client: Client
    perdure: Perdure


@asynccontextmanager
async def server() -> AsyncIterator[Stage]:
    """Start a Temporal server with an empty data folder."""
    binary = await temporal_binary.find(os.environ, say=print)
    with tempfile.TemporaryDirectory(prefix="perdure-bench-") as folder:
        home = Path(folder)
        place = ServerPlace(port=free_port(), ui_port=free_port(), database=home / "t.db", log=home / "t.log")
        running = TemporalServer(binary, place)
        await running.start()
        try:
            settings = Settings(home=home / "data", app=APP, model="idle").at(place.address)
            client = await connection.connect(settings.temporal)
            yield Stage(settings=settings, client=client, perdure=await Perdure.using(client))
        finally:
            await running.stop()


@asynccontextmanager
async def with_worker() -> AsyncIterator[tuple[Stage, Worker]]:
    """Start a server, and a worker in this process."""
    async with server() as stage, AsyncExitStack() as stack:
        working = await worker.build(stage.client, stage.settings, stack)
        async with working:
            yield stage, working


def beside(
    working: Worker, *, task_queue: str, workflow: type, activities: Sequence[Callable[..., Any]] = ()
) -> Worker:
    """The same worker once more, for another workflow on another queue, with the same activities and some more."""
    config = working.config()
    config["task_queue"], config["workflows"] = task_queue, [workflow]
    config["activities"] = [*config["activities"], *activities]
    return Worker(**config)
