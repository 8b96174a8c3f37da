"""How a call leaves the workflow: prompt by recipe, what is missing sent again, nothing over 256 KiB."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy

from agents.prompts import Pieces, Plan, PromptBook
from contracts.conversation import Missing, Recipe, SegmentBatch
from contracts.errors import BackendUnavailable
from contracts.payloads import guard

# A lost worker is noticed after this time without a heartbeat.
HEARTBEAT_TIMEOUT = timedelta(seconds=5)
MODEL_TIMEOUT = timedelta(minutes=10)
STORE_TIMEOUT = timedelta(seconds=30)
# Ten tries with these waits last about three minutes: a provider's short outage, not a wrong address for ever.
RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=0.2),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=10,
)
# A store that is wiped again and again while one call is made has a fault that sending once more does not mend.
_MOST_REPAIRS = 5


class MayMiss(Protocol):
    """What an activity returns that may lack stored texts."""

    @property
    def missing(self) -> Missing | None:
        """What it lacks; None if it did its work."""
        ...


_Outcome = TypeVar("_Outcome", bound=MayMiss)
_Call = Callable[[Recipe, str], Awaitable[_Outcome]]


async def deliver(
    book: PromptBook, prompt: Pieces, *, caller: str, activity_id: str, call: _Call[_Outcome]
) -> _Outcome:
    """Make a call whose prompt is sent as a recipe.

    Args:
        book: the texts that are stored.
        prompt: the pieces of the prompt.
        caller: whose earlier prompts to copy from.
        activity_id: id of the first try; a try after missing texts were sent is called `…~2`.
        call: makes the call with a recipe, under an activity id.

    Raises:
        BackendUnavailable: texts are missing again after they were sent five times.
    """
    plan = book.plan(caller, prompt)
    stored = 0
    for repair in range(1, _MOST_REPAIRS + 1):
        stored = await _store(plan, activity_id=activity_id, stored=stored)
        outcome = await call(plan.recipe, activity_id if repair == 1 else f"{activity_id}~{repair}")
        if outcome.missing is None:
            return outcome
        plan = book.repair(prompt, plan, outcome.missing)
    raise BackendUnavailable(
        f"the segment store lost the texts of {activity_id!r} {_MOST_REPAIRS} times: check its disk"
    )


async def _store(plan: Plan, *, activity_id: str, stored: int) -> int:
    for number, batch in enumerate(plan.batches, stored + 1):
        await put_segments(batch, activity_id=f"{activity_id}~put{number}")
    return stored + len(plan.batches)


async def put_segments(batch: SegmentBatch, *, activity_id: str) -> None:
    """Store pieces of text that a later recipe copies."""
    guard("a batch of segments", batch, advice="this is a fault of the engine")
    await workflow.execute_activity(
        "put_segments",
        batch,
        activity_id=activity_id,
        start_to_close_timeout=STORE_TIMEOUT,
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        retry_policy=RETRIES,
        summary=f"{len(batch.pieces)} pieces of text",
    )
