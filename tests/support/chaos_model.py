"""The model server of the chaos tests as a process of its own: ``python -m tests.support.chaos_model SCRIPT``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.support.answers import Rule
from tests.support.chaos_errand import work_through
from tests.support.chaos_teams import keep_talking, keep_talking_long
from tests.support.model_process import ModelProcess
from tests.support.model_server import ModelServer

_SCRIPTS: Mapping[str, Rule] = {"errand": work_through, "talk": keep_talking, "long_talk": keep_talking_long}


@asynccontextmanager
async def chaos_model(script: str) -> AsyncIterator[ModelProcess]:
    """Start a server that follows a script; it ends with the context, or with this process."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, script, stdin=pipe, stdout=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
        yield ModelProcess(url)
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 10)


if __name__ == "__main__":
    with ModelServer(_SCRIPTS[sys.argv[1]], keep_bodies=False) as _server:
        sys.stdout.write(_server.url + "\n")
        sys.stdout.flush()
        sys.stdin.read()
