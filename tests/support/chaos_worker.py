"""Workers as processes that can be killed, or that kill themselves at one exact moment.

``python -m tests.support.chaos_worker MOMENT`` is ``python worker.py`` but for its end: the process sends itself
SIGKILL at the moment named, as `after:call_model:3` (the third call has ended, but the server does not know it yet),
`before:put_segments:1` or `scheduling:call_tool:2` (within a workflow task). The numbers count calls in this process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    StartActivityInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle

import worker
from perdure.children import Child
from perdure.connection import connect
from perdure.settings import Settings
from tests.support.stock import KEY, MODEL

_REPOSITORY = Path(__file__).parents[2]
_passed: Counter[str] = Counter()


@dataclass(frozen=True)
class WorkerHome:
    """What all workers of one test share: data folder, servers, app."""

    folder: Path
    temporal: str
    model_url: str
    app: str

    @property
    def environ(self) -> dict[str, str]:
        """The environment that says so."""
        own = {
            "PERDURE_HOME": str(self.folder),
            "PERDURE_APP": self.app,
            "PERDURE_MODEL": MODEL,
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": self.model_url,
            "PERDURE_EXTRACTOR": "rules",
            "TEMPORAL_ADDRESS": self.temporal,
            "PYTHONPATH": str(_REPOSITORY),
        }
        return {**os.environ, **own}

    async def start(self, moment: str | None = None) -> Child:
        """Start `python worker.py`, or a worker that dies at a moment."""
        command = ["-m", "tests.support.chaos_worker", moment] if moment else [str(_REPOSITORY / "worker.py")]
        return await Child.start([sys.executable, *command], environ=self.environ, log=self.log)

    @property
    def log(self) -> Path:
        """What the workers print."""
        return self.folder / "worker.log"

    @asynccontextmanager
    async def worker(self, moment: str | None = None) -> AsyncIterator[Child]:
        """A worker that is gone when the context ends."""
        child = await self.start(moment)
        try:
            yield child
        finally:
            await child.stop(grace_seconds=5)


async def kill(child: Child) -> None:
    """Kill a process as `kill -9` does, and wait until it is gone."""
    os.kill(child.pid, signal.SIGKILL)
    await child.wait()


class _DiesAt(ClientInterceptor, Interceptor):
    def __init__(self, moment: str) -> None:
        _Scheduling.moment = moment
        self._moment = moment

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Working(next, self._moment)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        return _Scheduling


class _Working(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, moment: str) -> None:
        super().__init__(next)
        self._moment = moment

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        name = activity.info().activity_type
        _pass("before", name, self._moment)
        result = await self.next.execute_activity(input)
        _pass("after", name, self._moment)
        return result


class _Scheduling(WorkflowInboundInterceptor):
    moment = ""

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:
        handle = self.next.start_activity(input)
        _pass("scheduling", input.activity, _Scheduling.moment)
        return handle

    def start_local_activity(self, input: StartLocalActivityInput) -> ActivityHandle[Any]:
        handle = self.next.start_local_activity(input)
        _pass("scheduling", input.activity, _Scheduling.moment)
        return handle


def _pass(when: str, name: str, moment: str) -> None:
    _passed[f"{when}:{name}"] += 1
    if f"{when}:{name}:{_passed[f'{when}:{name}']}" == moment:
        os.kill(os.getpid(), signal.SIGKILL)


async def _serve(settings: Settings, moment: str) -> None:
    client = await connect(settings.temporal)
    config = client.config()
    config["interceptors"] = [_DiesAt(moment)]
    async with AsyncExitStack() as stack, await worker.build(Client(**config), settings, stack):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(Settings.load(), sys.argv[1]))
