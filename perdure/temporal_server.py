"""The Temporal dev server as a child process, set up so that a durable step takes milliseconds."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import BackendUnavailable, OperatorError
from perdure import connection
from perdure.children import Child
from perdure.ports import HOST
from perdure.settings import TemporalSettings

# Measured on 2 cores, 11 durable steps in one run: 1,150 ms with the server's own values, 110 ms with these.
DYNAMIC_CONFIG = (
    "history.transferProcessorMaxPollRPS=1000",
    "history.timerProcessorMaxPollRPS=1000",
    "history.visibilityProcessorMaxPollRPS=1000",
    'history.timerProcessorMaxTimeShift="10ms"',
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    # An activity goes to the worker that asked for it, in the answer to its workflow task.
    "system.enableActivityEagerExecution=true",
)
# The file is synced at checkpoints, not at each commit: six syncs a step took more than half of its time. A killed
# server loses nothing; a power loss may lose the last moments, and runs go on from before them.
SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL")
_START_SECONDS = 30
_POLL_SECONDS = 0.03
_STOP_SECONDS = 5
_MESSAGE = re.compile(r'msg="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, kw_only=True)
class ServerPlace:
    """Where a dev server listens and where it keeps its data and its log."""

    port: int
    ui_port: int
    database: Path
    log: Path
    namespace: str = "default"

    @property
    def address(self) -> str:
        """HOST:PORT for clients."""
        return f"{HOST}:{self.port}"

    @property
    def ui(self) -> str:
        """Address of the Temporal UI."""
        return f"http://{HOST}:{self.ui_port}"


class TemporalServer:
    """A Temporal dev server that is a child of this process and ends with it."""

    def __init__(self, binary: Path, place: ServerPlace) -> None:
        self._binary = binary
        self._child: Child | None = None
        self.place = place

    @property
    def child(self) -> Child:
        """The running process."""
        assert self._child is not None, "the server was not started"
        return self._child

    async def start(self, environ: Mapping[str, str] = os.environ) -> None:
        """Start it and wait until it answers.

        Raises:
            OperatorError: it ended at once, or did not answer in 30 s; the message holds its own words.
        """
        # What Temporal's tools read for clients (an address, a profile) must not reach the server.
        own = {name: value for name, value in environ.items() if not name.startswith("TEMPORAL_")}
        self._child = await Child.start(self._command(), environ=own, log=self.place.log)
        try:
            await asyncio.wait_for(self._ready(), _START_SECONDS)
        except TimeoutError as error:
            reason = f"the Temporal dev server did not answer in {_START_SECONDS} s; {self._words()}"
            raise OperatorError(reason) from error

    async def stop(self) -> None:
        """Stop it and wait until it is gone. Stopping one that was not started changes nothing."""
        if self._child is not None:
            await self._child.stop(grace_seconds=_STOP_SECONDS)

    async def _ready(self) -> None:
        settings = TemporalSettings(address=self.place.address, namespace=self.place.namespace)
        while self.child.exit_code is None:
            try:
                await connection.connect(settings)
            except BackendUnavailable:
                await asyncio.sleep(_POLL_SECONDS)
            else:
                return
        raise OperatorError(f"the Temporal dev server ended at once; {self._words()}")

    def _words(self) -> str:
        """What the server itself said last, or where its log is."""
        said = _MESSAGE.findall(self.child.output())
        return f"it says: {said[-1]}" if said else f"its log is {self.place.log}"

    def _command(self) -> list[str | Path]:
        place = self.place
        return [
            self._binary,
            *("server", "start-dev", "--ip", HOST, "--port", str(place.port), "--ui-port", str(place.ui_port)),
            *("--db-filename", place.database, "--namespace", place.namespace, "--log-level", "error"),
            *(word for name in connection.SEARCH_ATTRIBUTES for word in ("--search-attribute", f"{name}=Keyword")),
            *(word for value in DYNAMIC_CONFIG for word in ("--dynamic-config-value", value)),
            *(word for pragma in SQLITE_PRAGMAS for word in ("--sqlite-pragma", pragma)),
        ]
