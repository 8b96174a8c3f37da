"""Events that a conversation emits: in order, in batches, beside the conversation and before its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from temporalio import workflow
from temporalio.exceptions import ActivityError

from agents.dispatch import HEARTBEAT_TIMEOUT, RETRIES, STORE_TIMEOUT
from contracts.errors import PayloadTooLarge
from contracts.payloads import guard
from contracts.runs import RunRequest
from contracts.state import Author, Emitted
from contracts.steps import Emission, EmitEventsRequest

_BATCH_BYTES = 192 * 1024
_BATCH_EVENTS = 100


class Emissions:
    """What the messages of one run become outside.

    Args:
        request: what the run was asked.
        next_number: returns the number of the next activity.
        on_kept: told the sequence with which events were kept.
        on_error: told what has failed for good.

    Attributes:
        error: what has failed for good.
    """

    def __init__(
        self,
        request: RunRequest,
        *,
        next_number: Callable[[], int],
        on_kept: Callable[[int], None],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._request = request
        self._next_number = next_number
        self._on_kept = on_kept
        self._on_error = on_error
        self._pending: list[Emitted] = []
        self._work: asyncio.Task[None] | None = None
        self.error: BaseException | None = None

    def add(self, events: Sequence[Emitted]) -> None:
        """Emit events after those that were added before."""
        self._pending += events
        if self._pending and (self._work is None or self._work.done()):
            self._work = asyncio.create_task(self._emit_all())

    async def flushed(self, *, within: float | None = None) -> None:
        """Wait until all is emitted.

        Args:
            within: seconds after which what is not emitted is given up; None is never.
        """
        if self._work is not None and not self._work.done():
            await workflow.wait([self._work], timeout=within)

    async def _emit_all(self) -> None:
        try:
            while self._pending:
                await self._emit(self._batch())
        except (ActivityError, PayloadTooLarge) as error:
            self._pending.clear()
            self.error = error
            self._on_error(error)

    def _batch(self) -> EmitEventsRequest:
        size = count = 0
        for event in self._pending[:_BATCH_EVENTS]:
            size += len(event.model_dump_json().encode())
            if count and size > _BATCH_BYTES:
                break
            count += 1
        events, self._pending = tuple(self._pending[:count]), self._pending[count:]
        request = self._request
        author = Author(actor=request.team, run=request.run_id)
        return EmitEventsRequest(events=events, author=author, tenant=request.tenant, branch=request.branch)

    async def _emit(self, batch: EmitEventsRequest) -> None:
        guard("an event of the conversation", batch, advice="emit less of the message in its outbound rule")
        emission: Emission = await workflow.execute_activity(
            "emit_events",
            batch,
            result_type=Emission,
            # Ids of model calls hold a colon, so no agent's name makes this one.
            activity_id=f"emit~{self._next_number()}",
            start_to_close_timeout=STORE_TIMEOUT,
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
            retry_policy=RETRIES,
            summary=", ".join(dict.fromkeys(event.type for event in batch.events)),
        )
        self._on_kept(emission.sequence)
