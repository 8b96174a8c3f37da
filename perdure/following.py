"""Follow a run's conversation as it grows, over all parts that continue-as-new cut it into."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistoryEventFilterType

from contracts.errors import BackendUnavailable, RunStuck
from contracts.runs import TranscriptEntry, TranscriptPage
from perdure import inspection, queries
from perdure.connection import RPC_TIMEOUT, answering

_PAUSE_SECONDS = (0.1, 0.3)
_SILENT_SECONDS = 10
_CHECK_SECONDS = 1


async def follow(client: Client, run_id: str, *, first: str, after: int = 0) -> AsyncGenerator[TranscriptEntry, None]:
    """Yield the entries of a run's conversation as they come, until the run has ended.

    Args:
        client: connection to Temporal.
        run_id: the run.
        first: Temporal's id of the run's first part.
        after: the first index wanted.

    Raises:
        RunStuck: the run's workflow task fails again and again.
        BackendUnavailable: Temporal does not answer, or the run has ended and no worker is there to tell of it.
    """
    name: str | None = first
    while name:
        part = _Part(client, run_id, name)
        async with aclosing(part.entries(after)) as entries:
            async for entry in entries:
                after = entry.index + 1
                yield entry
        name = part.next()


async def so_far(client: Client, run_id: str, *, first: str) -> tuple[TranscriptEntry, ...]:
    """Return the entries of a run's conversation that are there now.

    Raises:
        BackendUnavailable: Temporal does not answer, or no worker can tell of the run within 10 s.
    """
    entries: list[TranscriptEntry] = []
    part: str | None = first
    while part:
        entries += await _told(client, run_id, part)
        part = await _next_if_closed(client, run_id, part)
    return tuple(entries)


async def _next_if_closed(client: Client, run_id: str, part: str) -> str | None:
    async with answering(client):
        seen = await client.get_workflow_handle(run_id, run_id=part).describe(rpc_timeout=RPC_TIMEOUT)
    if seen.status is not WorkflowExecutionStatus.CONTINUED_AS_NEW:
        return None
    return _next_part(await _close_event(client, run_id, part))


async def _told(client: Client, run_id: str, part: str) -> tuple[TranscriptEntry, ...]:
    end = time.monotonic() + _SILENT_SECONDS
    while time.monotonic() < end:
        if page := await _page(client, run_id, part=part, after=0):
            return page.entries
        await asyncio.sleep(_PAUSE_SECONDS[1])
    raise _silent(run_id)


async def _page(client: Client, run_id: str, *, part: str, after: int) -> TranscriptPage | None:
    """Ask a worker; None if none can answer just now."""
    return await queries.ask(client, run_id, "transcript", after, part=part, kind=TranscriptPage)


def _silent(run_id: str) -> BackendUnavailable:
    return BackendUnavailable(f"no worker can tell what was said in run {run_id!r}: start one with `perdure up`")


class _Part:
    """One part of a run: one Temporal run of the chain."""

    def __init__(self, client: Client, run_id: str, name: str) -> None:
        self._client = client
        self._run_id = run_id
        self._name = name
        self._closing = asyncio.create_task(_close_event(client, run_id, name))
        self._answered = time.monotonic()
        self._checked = time.monotonic()

    def next(self) -> str | None:
        """The part that goes on where this one ended; None if it was the last."""
        return _next_part(self._closing.result())

    async def entries(self, after: int) -> AsyncGenerator[TranscriptEntry, None]:
        """Yield the entries of this part from an index on, until the part has ended."""
        try:
            async for entry in self._told(after):
                yield entry
        finally:
            self._closing.cancel()
            await asyncio.gather(self._closing, return_exceptions=True)

    async def _told(self, after: int) -> AsyncGenerator[TranscriptEntry, None]:
        pause = _PAUSE_SECONDS[0]
        while True:
            closed = self._closing.done()
            page = await _page(self._client, self._run_id, part=self._name, after=after)
            for entry in page.entries if page else ():
                after = entry.index + 1
                yield entry
            if closed and page:
                return
            await self._see_to(page)
            pause = _PAUSE_SECONDS[0] if page and page.entries else min(pause * 1.3, _PAUSE_SECONDS[1])
            await asyncio.wait([self._closing], timeout=pause)
            if closed:
                await asyncio.sleep(pause)

    async def _see_to(self, page: TranscriptPage | None) -> None:
        """Give up on a run that is stuck, and on one that ended where nobody can tell of it."""
        now = time.monotonic()
        self._answered = now if page else self._answered
        if self._closing.done():
            self._closing.result()
            if now - self._answered > _SILENT_SECONDS:
                raise _silent(self._run_id)
        elif now - self._checked > _CHECK_SECONDS:
            self._checked = now
            await refuse_stuck(self._client, self._run_id)


async def refuse_stuck(client: Client, run_id: str) -> None:
    """Raise `RunStuck` with the reason if the run's workflow task fails again and again."""
    if reason := await inspection.stuck(client, run_id):
        raise RunStuck(
            f"run {run_id!r} is stuck, its workflow task fails again and again: {reason}; "
            "it is kept, and goes on once a worker with the cause mended is there"
        )


async def _close_event(client: Client, run_id: str, part: str) -> HistoryEvent:
    """Wait for the event that ends a part."""
    events = client.get_workflow_handle(run_id, run_id=part).fetch_history_events(
        wait_new_event=True, event_filter_type=WorkflowHistoryEventFilterType.CLOSE_EVENT, skip_archival=True
    )
    async with answering(client):
        return await anext(aiter(events))


def _next_part(closing: HistoryEvent) -> str | None:
    return closing.workflow_execution_continued_as_new_event_attributes.new_execution_run_id or None
