"""A run, as its caller holds it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from temporalio.client import Client, WorkflowFailureError

from contracts.runs import RunResult, TranscriptEntry
from perdure import ending, failures, following, inspection
from perdure.descriptions import Failure, RunDescription


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
        return await ending.result(
            self._client,
            self.id,
            first=self._first,
            kind=RunResult,
            timeout=timeout,
            wait_when_stuck=wait_when_stuck,
        )

    async def cancel(self) -> None:
        """Ask the run to stop. A model call under way is cut; `result` then raises `RunCancelled`.

        Cancelling a run that has ended changes nothing.

        Raises:
            NotFound: there is no such run.
            BackendUnavailable: Temporal does not answer.
        """
        await ending.cancel(self._client, self.id)

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
            return {"result": await ending.ended(self._client, self.id, first=self._first, kind=RunResult)}
        except WorkflowFailureError as error:
            return {"failure": failures.of(error)}
