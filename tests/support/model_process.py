"""The model server as a process of its own, and what it counted."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class ModelProcess:
    """A running server process. `url` is its base URL for clients."""

    url: str

    @property
    def _root(self) -> str:
        return self.url.removesuffix("/v1")

    async def requests(self) -> list[dict[str, Any]]:
        """All requests so far, in order of arrival; see `Record.summary`."""
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{self._root}/requests")
        found: list[dict[str, Any]] = answer.json()
        return found

    async def reset(self) -> None:
        """Forget all requests."""
        async with httpx.AsyncClient() as client:
            await client.post(f"{self._root}/reset")


@asynccontextmanager
async def model_process(script: str, *, port: int = 0) -> AsyncIterator[ModelProcess]:
    """Start a server that follows a script; it ends with the context, or with this process."""
    arguments = ["-m", "tests.support.model_server", "--script", script, "--port", str(port), "--with-parent"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
        yield ModelProcess(url)
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 10)
