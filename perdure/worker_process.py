"""A worker as a child process: started, watched, started again when it dies."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import deque
from collections.abc import Callable

from temporalio.client import Client

from contracts.errors import ConfigurationError, OperatorError
from perdure import connection
from perdure.children import Child
from perdure.settings import Settings

Say = Callable[[str], None]

_START_SECONDS = 30
_POLL_SECONDS = 0.05
_RESTARTS = 5
_RESTART_WINDOW_SECONDS = 60
_RESTART_PAUSE_SECONDS = 0.2


class WorkerProcess:
    """`perdure worker` as a child of this process, restarted when it dies, five times a minute at most."""

    def __init__(
        self, settings: Settings, client: Client, *, address: str | None, say: Say, started: Callable[[], None]
    ) -> None:
        """Prepare a worker.

        Args:
            settings: what the worker is given.
            client: a connection to the server that it works for.
            address: HOST:PORT of our own server; None where the worker's environment names the server.
            say: told when the worker has died and another is started.
            started: called whenever a worker is ready.
        """
        self._settings = settings
        self._client = client
        self._address = address
        self._log = settings.home / "logs" / "worker.log"
        self._say = say
        self._started = started
        self._child: Child | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Process id of the worker that runs now."""
        assert self._child is not None, "the worker was not started"
        return self._child.pid

    async def start(self) -> None:
        """Start it and wait until it asks for work; from then on it is kept running.

        Raises:
            OperatorError: it ended before that, or took longer than 30 s; the message holds its own words.
        """
        await self._spawn()
        self._watch = asyncio.create_task(self._keep_running())

    async def gave_up(self) -> None:
        """Wait until the worker is lost for good.

        Raises:
            OperatorError: it died too often, or cannot be started any more.
        """
        assert self._watch is not None, "the worker was not started"
        await asyncio.shield(self._watch)

    async def stop(self, *, grace_seconds: float) -> None:
        """Stop it and wait until it is gone. Stopping one that was not started changes nothing."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        if self._child is not None:
            await self._child.stop(grace_seconds=grace_seconds)

    async def _spawn(self) -> None:
        # -P: a folder of the user's that is called like one of our packages must not stand in for it.
        command = [sys.executable, "-P", "-m", "perdure", "worker"]
        command += ["--address", self._address] if self._address else []
        environ = {**os.environ, **self._settings.environ()}
        self._child = await Child.start(command, environ=environ, log=self._log)
        try:
            await asyncio.wait_for(self._asks_for_work(self._child), _START_SECONDS)
        except TimeoutError as error:
            await self._child.stop(grace_seconds=0)
            raise OperatorError(f"the worker was not ready in {_START_SECONDS} s; its log is {self._log}") from error
        self._started()

    async def _asks_for_work(self, child: Child) -> None:
        identity = connection.identity(child.pid)
        while identity not in await connection.worker_identities(self._client):
            if child.exit_code is not None:
                raise ConfigurationError(f"the worker cannot start: {_words(child)}; its log is {self._log}")
            await asyncio.sleep(_POLL_SECONDS)

    async def _keep_running(self) -> None:
        restarts: deque[float] = deque(maxlen=_RESTARTS)
        while self._child is not None:
            exit_code = await self._child.wait()
            self._say(f"the worker ended unexpectedly ({exit_code}): {_words(self._child)}; starting another")
            if len(restarts) == _RESTARTS and time.monotonic() - restarts[0] < _RESTART_WINDOW_SECONDS:
                raise OperatorError(f"the worker died {_RESTARTS} times within a minute; its log is {self._log}")
            restarts.append(time.monotonic())
            await asyncio.sleep(_RESTART_PAUSE_SECONDS)
            await self._spawn()


def _words(child: Child) -> str:
    """The worker's own last word."""
    lines = [line.strip() for line in child.output().splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error: ")]
    return (errors or lines or [f"exit code {child.exit_code}"])[-1].removeprefix("error: ")
