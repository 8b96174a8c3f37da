"""A real Redis server as a child process, which can be stopped, killed and started again, empty."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from perdure.children import Child
from perdure.ports import HOST, free_port
from tests.support.programs import program

_START_SECONDS = 10
_POLL_SECONDS = 0.01


class RedisServer:
    """A server that keeps nothing on disk.

    Args:
        log: file for what it says.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._child: Child | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://{HOST}:{self.port}/0"

    async def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        options = ["--bind", HOST, "--port", str(self.port), "--save", "", "--appendonly", "no"]
        command = [program("redis-server", package="redis-server"), *options, "--dir", str(self._log.parent)]
        self._child = await Child.start(command, environ=os.environ, log=self._log)
        async with asyncio.timeout(_START_SECONDS):
            while await self.ask("PING") != "+PONG":
                assert self._child.exit_code is None, self._child.output()
                await asyncio.sleep(_POLL_SECONDS)

    async def kill(self) -> None:
        """End it at once; connections are cut."""
        if self._child is not None:
            await self._child.stop(grace_seconds=0)
            self._child = None

    async def restart(self) -> None:
        """End it and start it again, empty."""
        await self.kill()
        await self.start()

    def freeze(self) -> None:
        """Let it take connections and answer nothing, as behind a broken network."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._send(signal.SIGCONT)

    async def ask(self, *words: str) -> str:
        """The first line of its answer to a command; "" where nobody answers."""
        try:
            reader, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            return ""
        try:
            writer.write((" ".join(words) + "\r\n").encode())
            return (await reader.readline()).decode().strip()
        finally:
            writer.close()
            await writer.wait_closed()

    def _send(self, number: signal.Signals) -> None:
        assert self._child is not None, "the server was not started"
        os.kill(self._child.pid, number)


@asynccontextmanager
async def redis_server(folder: Path) -> AsyncIterator[RedisServer]:
    """A server that is gone when the context ends."""
    server = RedisServer(folder / "redis.log")
    try:
        await server.start()
        yield server
    finally:
        await server.kill()
