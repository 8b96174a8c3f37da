"""A worker process of tests that is there soon: the relay and the dispatcher as they are, and runs that cost nothing.

``python -m tests.support.events_worker QUEUE`` works until it is killed, with the settings of its environment.
"""

from __future__ import annotations

import asyncio
import sys

from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from perdure.connection import connect
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.events import QuickRun, Scene


async def serve(settings: Settings, queue: str) -> None:
    client = await connect(settings.temporal)
    worker = Worker(client, task_queue=queue, workflows=[QuickRun], workflow_runner=UnsandboxedWorkflowRunner())
    async with open_stores(settings) as stores, worker:
        scene = Scene(
            client=client,
            queue=queue,
            state=stores.state,
            log=stores.events,
            wake_ups=stores.wake_ups,
            bus=stores.bus,
        )
        async with scene.serving(name=client.identity):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Settings.load(), sys.argv[1]))
