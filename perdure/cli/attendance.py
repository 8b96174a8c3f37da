"""What commands that start a run do while it goes on: see that it is served, hear Ctrl-C, tell where it is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from contracts.errors import BadRequest
from perdure import connection, inspection
from perdure.cli.interrupts import Interrupts
from perdure.cli.output import Output
from perdure.place import Place
from perdure.stack import DEFAULT_UI_PORT

_UNCLAIMED = timedelta(seconds=4)


def cancel_first(cancel: Callable[[], Awaitable[None]], heard: Interrupts, output: Output) -> None:
    """Let the first Ctrl-C cancel the run; the end of the run then ends the command."""
    tasks: set[asyncio.Future[None]] = set()

    def first() -> None:
        output.note("cancelling the run; Ctrl-C again leaves it to itself")
        tasks.add(asyncio.ensure_future(cancel()))

    heard.first(first)


async def attended(follow: Coroutine[Any, Any, None], run_id: str, place: Place, output: Output) -> None:
    """Follow a run to its end, and see that somebody serves it.

    Raises:
        OperatorError: what serves it is lost.
    """
    following = asyncio.create_task(follow)
    served = asyncio.create_task(_served(run_id, place, output))
    try:
        await asyncio.wait([following, served], return_when=asyncio.FIRST_COMPLETED)
        if not following.done():
            served.result()
        following.result()
    finally:
        following.cancel()
        served.cancel()
        await asyncio.gather(following, served, return_exceptions=True)


def must_stay(place: Place) -> None:
    """Refuse to leave a run on a stack that ends with this command.

    Raises:
        BadRequest: the stack is this command's own.
    """
    if place.server is not None:
        raise BadRequest("--detach needs a stack that stays: start one with `perdure up`, or set TEMPORAL_ADDRESS")


async def tell_detached(run_id: str, place: Place, output: Output) -> None:
    """Say which run was started and left."""
    if not await connection.worker_identities(place.client):
        output.note("note: no worker is there; the run waits until one is")
    output.text(run_id)
    output.json({"run_id": run_id, "status": "running", "ui": place.run_url(run_id)})


def print_page(run_id: str, place: Place, output: Output) -> None:
    """Say where the run can be seen after this command."""
    url = place.run_url(run_id)
    if url is None:
        return
    if place.server is not None:
        own = f":{place.server.place.ui_port}/"
        url = f"{url.replace(own, f':{DEFAULT_UI_PORT}/')} shows it while `perdure up` runs"
    output.text(url, style="dim")


async def _served(run_id: str, place: Place, output: Output) -> None:
    """Watch over what serves the run, and raise when that is lost.

    A worker that went away a moment ago still looks as if it were there. So where none takes the run, one is started.
    """
    while place.worker is None:
        await asyncio.sleep(_UNCLAIMED.total_seconds())
        seen = await inspection.look(place.client, run_id)
        if seen.unclaimed > _UNCLAIMED:
            output.say("no worker takes the run: starting one for this command")
            await place.start_worker(output.say)
    await place.broken()
