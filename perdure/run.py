"""A run, as its caller holds it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode

from contracts.runs import RunResult, TranscriptEntry
from perdure import failures, following, inspection
from perdure.connection import RPC_TIMEOUT, answering
from perdure.descriptions import Failure, RunDescription

_STUCK_CHECK_SECONDS = 2


class Run:
    """A run that was started or found. It holds a connection, not the run: dropping it changes nothing.

    Attributes:
        id: the run's id, which is also its workflow id in Temporal.
    """

    def __init__(self, client: Client, run_id: str, *, first: str) -> None:
        self._client = client
        self._first = first
        self.id = run_id

    def __repr__(self) -> str:
        return f"Run({self.id!r})"

    async def events(self, after: int = 0) -> AsyncIterator[TranscriptEntry]:
        """Yield what happens in the conversation as it happens, from the beginning, until the run has ended.

        How the run ended is told by `result`.

        Args:
            after: the first index wanted; an interrupted reader goes on with the last one it saw plus one.

        Raises:
            RunStuck: the run's workflow task fails again and again, told within 10 s.
            BackendUnavailable: Temporal does not answer, or the run has ended and no worker is there to tell of it.
        """
        async with aclosing(following.follow(self._client, self.id, first=self._first, after=after)) as entries:
            async for entry in entries:
                yield entry

    async def transcript(self) -> tuple[TranscriptEntry, ...]:
        """Return what was said so far.

        Raises:
            BackendUnavailable: Temporal does not answer, or no worker is there to tell of the run.
        """
        return await following.so_far(self._client, self.id, first=self._first)

    async def result(self, timeout: float | None = None, *, wait_when_stuck: bool = False) -> RunResult:  # noqa: ASYNC109
        """Wait for the end of the run and return its result.

        Args:
            timeout: how long to wait, in seconds; None means without end. The run goes on after that.
            wait_when_stuck: go on waiting, however often the run's workflow task fails.

        Raises:
            RunFailed: the run ended without a result; `kind` says why.
            RunCancelled: it was cancelled.
            RunStuck: its workflow task fails again and again, told within 10 s.
            TimeoutError: the time is over.
            BackendUnavailable: Temporal does not answer.
        """
        watch = [] if wait_when_stuck else [asyncio.create_task(self._stuck())]
        tasks = [asyncio.create_task(self._result()), *watch]
        try:
            done, _ = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                raise TimeoutError(f"run {self.id!r} has not ended after {timeout:g} s; it goes on")
            return tasks[0].result() if tasks[0] in done else await watch[0]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def cancel(self) -> None:
        """Ask the run to stop. A model call under way is cut; `result` then raises `RunCancelled`.

        Cancelling a run that has ended changes nothing.

        Raises:
            NotFound: there is no such run.
            BackendUnavailable: Temporal does not answer.
        """
        async with answering(self._client):
            try:
                await self._client.get_workflow_handle(self.id).cancel(rpc_timeout=RPC_TIMEOUT)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
        await inspection.look(self._client, self.id)

    async def describe(self) -> RunDescription:
        """Return what Temporal knows of the run: where it stands, its result or failure, what it waits for.

        Raises:
            NotFound: there is no such run.
            BackendUnavailable: Temporal does not answer.
        """
        seen = await inspection.look(self._client, self.id)
        request = await inspection.request_of(self._client, self.id, first=self._first)
        known = RunDescription(**dict(seen.summary), task=request.task if request else "", pending=seen.pending)
        if seen.summary.status == "running":
            return known.model_copy(update={"stuck": await inspection.why_stuck(self._client, seen)})
        return known.model_copy(update=await self._end())

    async def _end(self) -> dict[str, RunResult | Failure]:
        try:
            return {"result": await self._ended()}
        except WorkflowFailureError as error:
            return {"failure": failures.of(error)}

    async def _result(self) -> RunResult:
        try:
            return await self._ended()
        except WorkflowFailureError as error:
            raise failures.raised(self.id, failures.of(error)) from error

    async def _ended(self) -> RunResult:
        handle = self._client.get_workflow_handle(self.id, run_id=self._first, result_type=RunResult)
        async with answering(self._client):
            result: RunResult = await handle.result()
            return result

    async def _stuck(self) -> RunResult:
        """Watch the run and raise once it is stuck."""
        while True:
            await asyncio.sleep(_STUCK_CHECK_SECONDS)
            await following.refuse_stuck(self._client, self.id)
