"""A small HTTP/1.1 server on asyncio: keep-alive, quick, and told at once when a client goes away.

The handler of a request is a task; when the client closes the connection before it has its answer, the task is
cancelled. That is how the model server knows that a cancelled model call reached the HTTP request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

_END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True)
class HttpRequest:
    """One request as it arrived; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Exchange:
    """The answering side of one request."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def send(self, status: int, body: bytes, *, headers: Mapping[str, str] | None = None) -> None:
        """Answer in one piece; the connection stays open for the next request."""
        self._transport.write(_head(status, {"content-length": str(len(body)), **(headers or {})}) + body)

    def send_part(self, status: int, body: bytes, *, headers: Mapping[str, str] | None = None) -> None:
        """Send half of what is promised."""
        promised = {"content-length": str(2 * len(body)), **(headers or {})}
        self._transport.write(_head(status, promised) + body)

    def begin(self, status: int, *, headers: Mapping[str, str]) -> None:
        """Begin an answer in chunks."""
        self._transport.write(_head(status, {"transfer-encoding": "chunked", **headers}))

    def chunk(self, data: bytes) -> None:
        """Send one chunk; an empty one ends the answer."""
        self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    def cut(self) -> None:
        """Close the connection, whatever was promised."""
        self._transport.close()


Handler = Callable[[HttpRequest, Exchange], Awaitable[None]]


class HttpConnection(asyncio.Protocol):
    """One client's connection. Requests are answered one after another."""

    def __init__(self, handler: Handler, *, connections: set[HttpConnection]) -> None:
        self._handler = handler
        self._connections = connections
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the connection, so that the server can close it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the request that nobody waits for any more."""
        self._connections.discard(self)
        self._transport = None
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        """Collect bytes until a request is whole."""
        self._buffer += data
        if self._task is None:
            self._take_request()

    def close(self) -> None:
        """Cut the connection from the server's side."""
        if self._transport is not None:
            self._transport.abort()

    def _take_request(self) -> None:
        request = _parse(self._buffer)
        if request is None or self._transport is None:
            return
        self._task = asyncio.ensure_future(self._handler(request, Exchange(self._transport)))
        self._task.add_done_callback(self._answered)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler({"message": "handler failed", "exception": error})
            self.close()
        self._take_request()


def _parse(buffer: bytearray) -> HttpRequest | None:
    """Take one whole request off the front of the buffer; None if it is not all there yet."""
    end = buffer.find(_END_OF_HEAD)
    if end < 0:
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    start = end + len(_END_OF_HEAD)
    stop = start + int(headers.get("content-length", "0"))
    if len(buffer) < stop:
        return None
    body = bytes(buffer[start:stop])
    del buffer[:stop]
    method, path, _ = first.split(" ", 2)
    return HttpRequest(method=method, path=path, headers=headers, body=body)


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
