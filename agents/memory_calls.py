"""The calls of a run's memory: recalled before it begins, asked in a turn, written by an agent, learned from after it.

Each is an activity, and none of them fails a run: what goes wrong is a note in its result.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from agents.dispatch import HEARTBEAT_TIMEOUT, MayMiss, deliver
from agents.prompts import Pieces, PromptBook
from contracts.conversation import Recipe
from contracts.errors import BackendUnavailable, PayloadTooLarge
from contracts.memory_calls import (
    AdditionOutcome,
    AdditionRequest,
    LearnOutcome,
    LearnRequest,
    MemoryCall,
    RecallOutcome,
    RecallRequest,
)
from contracts.payloads import guard
from contracts.remembering import Extraction, MemoryContext

_LOST = (ActivityError, BackendUnavailable, PayloadTooLarge)
_Outcome = TypeVar("_Outcome", bound=MayMiss)
# Waits for a call that was scheduled, in the way of whoever waits.
Waiting = Callable[[workflow.ActivityHandle[Any]], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class _Kind(Generic[_Outcome]):
    """One kind of call: what it returns, and how long it is tried."""

    name: str
    result: type[_Outcome]
    attempt: timedelta
    within: timedelta
    retry: RetryPolicy


@dataclass(frozen=True, kw_only=True)
class MemoryCaller:
    """Who makes a call.

    Args:
        book: the texts of the run that are stored.
        path: the agent, or the part of the run, whose earlier texts are copied from.
        activity_id: id of the call.
        summary: one line for the Temporal UI.
        wait: how it is waited for.
    """

    book: PromptBook
    path: str
    activity_id: str
    summary: str
    wait: Waiting

    async def made(self, kind: _Kind[_Outcome], request: MemoryCall, text: Pieces) -> _Outcome:
        """Make the call; its text goes as a recipe."""

        async def call(recipe: Recipe, try_id: str) -> _Outcome:
            whole = request.model_copy(update={"text": recipe})
            guard("a call of memory", whole, advice="this is a fault of the engine")
            outcome: _Outcome = await self.wait(self._scheduled(kind, whole, try_id))
            return outcome

        outcome = await deliver(self.book, text, caller=self.path, activity_id=self.activity_id, call=call)
        self.book.commit(self.path, text)
        return outcome

    def _scheduled(
        self, kind: _Kind[_Outcome], request: MemoryCall, activity_id: str
    ) -> workflow.ActivityHandle[_Outcome]:
        return workflow.start_activity(
            kind.name,
            request,
            result_type=kind.result,
            activity_id=activity_id,
            start_to_close_timeout=kind.attempt,
            schedule_to_close_timeout=kind.within,
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
            retry_policy=kind.retry,
            summary=self.summary,
        )


# Whoever waits for memory waits so long at most, the time included in which a lost worker is noticed.
_READING = RetryPolicy(initial_interval=timedelta(seconds=0.2), maximum_attempts=2)
_ATTEMPT, _PATIENCE = timedelta(seconds=4), timedelta(seconds=10)
_RECALL = _Kind(name="recall_memories", result=RecallOutcome, attempt=_ATTEMPT, within=_PATIENCE, retry=_READING)
_QUERY = _Kind(name="query_memories", result=RecallOutcome, attempt=_ATTEMPT, within=_PATIENCE, retry=_READING)
_ADD = _Kind(
    name="add_memory",
    result=AdditionOutcome,
    attempt=_ATTEMPT,
    within=timedelta(minutes=1),
    retry=RetryPolicy(maximum_attempts=5),
)
# Five tries within eight seconds, and longer only where a model takes its time to find the statements.
_LEARN = _Kind(
    name="remember_run",
    result=LearnOutcome,
    attempt=timedelta(minutes=2),
    within=timedelta(minutes=5),
    retry=RetryPolicy(initial_interval=timedelta(seconds=0.5), maximum_attempts=5),
)


async def recall(caller: MemoryCaller, request: RecallRequest, text: Pieces) -> RecallOutcome:
    """Return what is remembered for a run, or for one turn of an agent."""
    try:
        outcome = await caller.made(_RECALL if request.agent is None else _QUERY, request, text)
    except _LOST as error:
        return RecallOutcome(context=MemoryContext(note=_told("nothing was recalled", error)))
    for context in (outcome.context, *outcome.own.values()):
        caller.book.learn(context.text)
    return outcome


async def add(caller: MemoryCaller, request: AdditionRequest, text: Pieces) -> AdditionOutcome:
    """Write a memory in the name of an agent."""
    try:
        return await caller.made(_ADD, request, text)
    except _LOST as error:
        return AdditionOutcome(note=_told("nothing was written", error))


async def learn(caller: MemoryCaller, request: LearnRequest, text: Pieces) -> Extraction:
    """Return what was learned from one part of a run."""
    try:
        outcome = await caller.made(_LEARN, request, text)
    except _LOST as error:
        return Extraction(note=_told("nothing was learned", error))
    for learned in outcome.extraction.learned:
        caller.book.learn(learned.text)
    return outcome.extraction


def _told(what: str, error: Exception) -> str:
    """Say in a note what went wrong; a cancellation is none of it."""
    if is_cancelled_exception(error):
        raise error
    cause = error.cause if isinstance(error, ActivityError) else None
    return f"{what}: {cause or error}"
