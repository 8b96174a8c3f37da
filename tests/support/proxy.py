"""A network that can break: a TCP proxy in front of a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from perdure.ports import HOST

_CHUNK = 64 * 1024
_DOING_SECONDS = 0.1


class Proxy:
    """Passes bytes on, until it is told to hold them back (nobody is told) or to cut its connections."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._open = asyncio.Event()
        self._open.set()
        self._pairs: set[asyncio.Task[None]] = set()
        self._fatal: bytes | None = None
        self._arrives = False
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where clients connect."""
        assert self._server is not None, "the proxy was not started"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, HOST, 0)

    async def stop(self) -> None:
        """Cut everything and listen no more."""
        assert self._server is not None, "the proxy was not started"
        self._server.close()
        await self.cut()

    def part(self) -> None:
        """Swallow nothing and pass nothing on, as a network that is away; connections stay open."""
        self._open.clear()

    def join(self) -> None:
        """Pass on what was held back, and what comes."""
        self._open.set()

    def cut_at(self, words: bytes, *, arrives: bool) -> None:
        """End the next connection on which a client sends these words.

        Args:
            words: what must not be split over two packets.
            arrives: whether the server still gets them; its answer is lost in any case.
        """
        self._fatal, self._arrives = words, arrives

    async def cut(self) -> None:
        """End all connections."""
        pairs = list(self._pairs)
        for pair in pairs:
            pair.cancel()
        await asyncio.gather(*pairs, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pairs.add(task)
        try:
            with suppress(OSError):
                await self._join_to_target(reader, writer)
        except asyncio.CancelledError:
            pass  # The stream server would report a cancelled handler as a fault.
        finally:
            self._pairs.discard(task)
            writer.close()

    async def _join_to_target(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        there, back = await asyncio.open_connection(HOST, self._target_port)
        try:
            async with asyncio.TaskGroup() as group:
                answers = group.create_task(self._pass_on(there, writer))
                asks = group.create_task(self._pass_on(reader, back, answers=answers))
                await asyncio.wait([asks, answers], return_when=asyncio.FIRST_COMPLETED)
                if not answers.cancelled():
                    asks.cancel()
                await asyncio.wait([asks])
                answers.cancel()
        finally:
            back.close()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: asyncio.Task[None] | None = None
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._open.wait()
                if answers is not None and self._fatal is not None and self._fatal in data:
                    return await self._end(data, writer, answers)
                writer.write(data)
                await writer.drain()
        return None

    async def _end(self, data: bytes, writer: asyncio.StreamWriter, answers: asyncio.Task[None]) -> None:
        self._fatal = None
        answers.cancel()
        if self._arrives:
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(_DOING_SECONDS)


@asynccontextmanager
async def proxy(target_port: int) -> AsyncIterator[Proxy]:
    """A proxy that is gone when the context ends."""
    running = Proxy(target_port)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()
