"""The local stack: a Temporal dev server and a worker, shared by all commands on one data folder.

`perdure up` owns a stack until it is stopped. Any other command uses the stack that runs, or owns one for as long as it
needs it; then it waits for those that joined meanwhile before it stops it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal

from contracts.errors import BackendUnavailable, ConfigurationError, OperatorError
from perdure import connection, ports, temporal_binary
from perdure.place import Patience, Place, Say
from perdure.settings import Settings
from perdure.stack_record import StackFolder
from perdure.temporal_server import ServerPlace, TemporalServer

WorkerWish = Literal["always", "if_idle", "never"]

DEFAULT_PORT = 7233
DEFAULT_UI_PORT = 8233
_JOIN_SECONDS = 60
_POLL_SECONDS = 0.05


@asynccontextmanager
async def own(settings: Settings, *, port: int, ui_port: int, say: Say) -> AsyncIterator[Place]:
    """Start a stack on given ports (0 is any free one), and stop all of it when the block ends, whoever uses it.

    Raises:
        ConfigurationError: a port is taken, the data folder cannot be written or has a stack already, a server is set.
        OperatorError: the server or the worker cannot start.
    """
    if settings.temporal.address:
        raise ConfigurationError(
            f"a Temporal server is set already ({settings.temporal.address}): start a worker for it with "
            "`perdure worker`, or unset TEMPORAL_ADDRESS to start a local one"
        )
    folder = StackFolder(settings.home)
    folder.prepare()
    async with AsyncExitStack() as exits:
        await _take(folder, exits)
        ports.require_free(port, what="Temporal", option="--port")
        ports.require_free(ui_port, what="the Temporal UI", option="--ui-port")
        chosen = {"port": port or ports.free_port(), "ui_port": ui_port or ports.free_port()}
        place = await _start_server(settings, folder, exits, **chosen, say=say)
        place.exits = exits
        await place.start_worker(say)
        yield place


@asynccontextmanager
async def attach(settings: Settings, *, worker: WorkerWish = "always", say: Say) -> AsyncIterator[Place]:
    """Use the server that is set, or the local stack that runs, or start one for the length of the block.

    Args:
        settings: where to look.
        worker: "always" starts a worker where there is none. It goes on with all runs that wait for one, so "if_idle"
            does the same only on a stack of ours where no run waits.
        say: told what goes on when it takes long, and what was started.

    Raises:
        BackendUnavailable: the server that is set does not answer.
        OperatorError: a server or worker cannot be started.
    """
    async with AsyncExitStack() as exits:
        if settings.temporal.address:
            place = await _set_server(settings)
        else:
            place = await _local_server(settings, exits, say=say)
        place.exits = exits
        if await _lacks_worker(place, worker):
            if place.server is None:
                say("no worker serves this Temporal server: starting one for this command")
            await place.start_worker(say)
        exits.push_async_exit(Patience(place, say))
        yield place


async def _lacks_worker(place: Place, wish: WorkerWish) -> bool:
    if wish == "never" or await connection.worker_identities(place.client):
        return False
    if wish == "always":
        return True
    return place.server is not None and not await connection.open_runs(place.client)


async def _set_server(settings: Settings) -> Place:
    client = await connection.connect(settings.temporal)
    cloud = "https://cloud.temporal.io" if ".tmprl.cloud" in str(settings.temporal.address) else None
    return Place(settings=settings, client=client, ui=settings.temporal_ui or cloud)


async def _local_server(settings: Settings, exits: AsyncExitStack, *, say: Say) -> Place:
    folder = StackFolder(settings.home)
    folder.prepare()
    end = time.monotonic() + _JOIN_SECONDS
    while not folder.owner.try_acquire():
        if place := await _join(settings, folder, exits):
            return place
        if time.monotonic() > end:
            raise OperatorError(f"another process starts a stack in {folder.home} and does not come to an end")
        await asyncio.sleep(_POLL_SECONDS)
    exits.callback(folder.owner.release)
    exits.callback(folder.users.release)
    folder.clear()
    return await _start_server(settings, folder, exits, port=ports.free_port(), ui_port=ports.free_port(), say=say)


async def _join(settings: Settings, folder: StackFolder, exits: AsyncExitStack) -> Place | None:
    """Use the stack that another process owns; None if there is none (yet, or any more)."""
    if not folder.users.try_acquire(shared=True):
        return None
    if record := folder.running():
        try:
            client = await connection.connect(settings.at(record.address).temporal)
        except BackendUnavailable:
            record = None
        else:
            exits.callback(folder.users.release)
            return Place(settings=settings.at(record.address), client=client, local=record.address, ui=record.ui)
    folder.users.release()
    return None


async def _take(folder: StackFolder, exits: AsyncExitStack) -> None:
    """Become the owner of a folder's stack, or say who is."""
    for _ in range(100):
        if folder.owner.try_acquire():
            exits.callback(folder.owner.release)
            folder.clear()
            return
        if record := folder.running():
            raise ConfigurationError(
                f"a stack runs already in {folder.home} (process {record.pid}, UI at {record.ui}): use or stop that one"
            )
        await asyncio.sleep(_POLL_SECONDS)
    raise ConfigurationError(f"another process starts a stack in {folder.home}: use that one, or stop it")


async def _start_server(
    settings: Settings, folder: StackFolder, exits: AsyncExitStack, *, port: int, ui_port: int, say: Say
) -> Place:
    where = ServerPlace(
        port=port,
        ui_port=ui_port,
        database=settings.home / "temporal.db",
        log=settings.home / "logs" / "temporal.log",
        namespace=settings.temporal.namespace,
    )
    server = TemporalServer(await temporal_binary.find(os.environ, say=say), where)
    exits.push_async_callback(server.stop)
    await server.start()
    local = settings.at(where.address)
    client = await connection.connect(local.temporal)
    place = Place(settings=local, client=client, local=where.address, ui=where.ui, server=server, folder=folder)
    exits.callback(folder.clear)
    place.record()
    return place
