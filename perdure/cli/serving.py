"""`perdure up` and `perdure worker`: what stays until it is stopped."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import AsyncExitStack

from perdure import stack_record
from perdure.cli import interrupts
from perdure.cli.output import Output
from perdure.connection import TASK_QUEUE
from perdure.settings import Settings
from perdure.stack import own


def up(*, port: int, ui_port: int, as_json: bool) -> int:
    """Keep a stack until Ctrl-C or SIGTERM, and return the exit code."""
    settings, output = Settings.load(), Output(as_json=as_json)
    code = interrupts.run(lambda _: _up(settings, output, port=port, ui_port=ui_port))
    # To be told to stop is how this command ends well.
    return 0 if code in interrupts.ASKED_TO_STOP else code


async def _up(settings: Settings, output: Output, *, port: int, ui_port: int) -> int:
    async with AsyncExitStack() as exits:
        with output.spinner("starting Temporal and a worker"):
            place = await exits.enter_async_context(own(settings, port=port, ui_port=ui_port, say=output.say))
        output.text(f"Temporal  {place.local}")
        output.text(f"UI        {place.ui}", style="bold")
        output.text(f"data      {settings.home}")
        output.text("Ctrl-C stops all of it", style="dim")
        output.json({"address": place.local, "ui": place.ui, "home": str(settings.home), "pid": os.getpid()})
        await place.broken()
    return 0


def worker(*, address: str | None, as_json: bool) -> int:
    """Run a worker until Ctrl-C or SIGTERM, and return the exit code."""
    import worker as wiring

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings, output = Settings.load(), Output(as_json=as_json)
    settings = settings.at(address) if address else stack_record.found(settings)
    where = str(settings.temporal.profile().address)

    def ready() -> None:
        output.text(f"working for Temporal at {where}; Ctrl-C stops")
        output.json({"address": where, "task_queue": TASK_QUEUE, "pid": os.getpid()})

    asyncio.run(wiring.serve(settings, ready=ready))
    return 0
