"""An HTTP server in the test's own event loop, answered by a function."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.http_server import Handler, HttpConnection


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    """Serve on a free port of 127.0.0.1, and yield the URL."""
    connections: set[HttpConnection] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: HttpConnection(handler, connections=connections), "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        for connection in list(connections):
            connection.close()
        server.close()
        await server.wait_closed()
