"""Where runs go: a Temporal server that answers, and what of it is ours."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType

from temporalio.client import Client

from contracts.errors import OperatorError
from perdure.settings import Settings
from perdure.stack_record import StackFolder, StackRecord
from perdure.temporal_server import TemporalServer
from perdure.worker_process import WorkerProcess

Say = Callable[[str], None]

_STOP_SECONDS = 5


@dataclass(kw_only=True)
class Place:
    """A server that answers, and what of it is ours.

    Attributes:
        settings: settings that lead to this server.
        local: HOST:PORT where the server is a local stack, ours or another process's; None where it was set.
        client: a connection to it.
        ui: address of its Temporal UI, None where that is not known.
        server: the server, if this process owns it.
        worker: the worker, if this process owns one.
    """

    settings: Settings
    client: Client
    local: str | None = None
    ui: str | None = None
    server: TemporalServer | None = None
    worker: WorkerProcess | None = None
    folder: StackFolder | None = field(default=None, repr=False)
    exits: AsyncExitStack = field(default_factory=AsyncExitStack, repr=False)

    def run_url(self, run_id: str) -> str | None:
        """The page of a run in the Temporal UI, None where the UI's address is not known."""
        return self.ui and f"{self.ui}/namespaces/{self.client.namespace}/workflows/{run_id}"

    def record(self) -> None:
        """Let other processes find our stack. Done before its worker is there, too: they may use the server alone."""
        if self.server is None or self.folder is None:
            return
        record = StackRecord(
            address=self.server.place.address,
            ui=self.server.place.ui,
            pid=os.getpid(),
            server_pid=self.server.child.pid,
            worker_pid=self.worker.pid if self.worker else None,
        )
        self.folder.write(record)

    async def start_worker(self, say: Say) -> None:
        """Start a worker of our own, which is stopped when the place is left.

        Raises:
            OperatorError: it cannot be started.
        """
        self.worker = WorkerProcess(self.settings, self.client, address=self.local, say=say, started=self.record)
        self.exits.push_async_callback(self._stop_worker, self.worker)
        await self.worker.start()

    async def _stop_worker(self, worker: WorkerProcess) -> None:
        """Stop a worker; one whose server is gone has nobody to say goodbye to and would wait in vain."""
        gone = self.server is not None and self.server.child.exit_code is not None
        await worker.stop(grace_seconds=0 if gone else _STOP_SECONDS)

    async def broken(self) -> None:
        """Wait until something of ours that runs depend on is lost for good, for ever if nothing is ours.

        Raises:
            OperatorError: the server or the worker ended.
        """
        watched = [asyncio.create_task(self._server_ended())]
        if self.worker is not None:
            watched.append(asyncio.create_task(self.worker.gave_up()))
        try:
            done, _ = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()
        finally:
            for task in watched:
                task.cancel()

    async def _server_ended(self) -> None:
        if self.server is None:
            await asyncio.Event().wait()
            return
        exit_code = await self.server.child.wait()
        raise OperatorError(f"the Temporal server ended ({exit_code}); its log is {self.server.place.log}")


class Patience:
    """Keeps a stack of ours for the others that use it; not where this command was told to stop."""

    def __init__(self, place: Place, say: Say) -> None:
        self._place = place
        self._say = say

    async def __aenter__(self) -> None:
        """Nothing is to be done before."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        folder = self._place.folder
        if self._place.server is None or folder is None or isinstance(error, asyncio.CancelledError):
            return
        if not folder.users.try_acquire():
            self._say("other commands use this stack: waiting for them before it stops")
            await folder.users.acquire()
