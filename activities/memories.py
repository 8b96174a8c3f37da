"""The activities of a run's memory. They never fail a run, and are tried again only where that may help."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError
from temporalio import activity

from activities import journal
from activities.conversation_id import conversation_id
from activities.failures import as_failures
from activities.heartbeat import heartbeating
from activities.segments import Resolved, answer_blobs, resolve
from contracts.conversation import Missing
from contracts.conversation_ports import SegmentStore
from contracts.documents import put_together
from contracts.errors import BackendUnavailable, PerdureError
from contracts.memories import Caller, MemoryDraft, MemoryScope, MemorySource
from contracts.memory_calls import (
    AdditionOutcome,
    AdditionRequest,
    Conversed,
    LearnOutcome,
    LearnRequest,
    MemoryCall,
    RecallOutcome,
    RecallRequest,
    Warming,
)
from contracts.memory_ports import ContextBuilder, Learner, MemoryStore
from contracts.recalled_text import drawn_on, items_of
from contracts.remembering import ContextRequest, Extraction, ExtractionRequest, MemoryContext, Utterance
from contracts.texts import cut, sendable

_log = logging.getLogger(__name__)
OFF = "memory is switched off (MEM0_ENABLED)"
# Of what was learned, so much returns to history; the rest is in the ledger.
_MOST_LEARNED = 50
_LEARNED_CHARS = 300
_ACTOR_CHARS = 200


@dataclass(frozen=True, kw_only=True)
class RunMemories:
    """What runs remember with.

    Attributes:
        learns_ranking: whether the ranking is told which memories an answer drew on.
        patience: a run waits no longer for what is recalled: it goes on without.
    """

    store: MemoryStore
    contexts: ContextBuilder
    learner: Learner
    learns_ranking: bool = False
    patience: timedelta = timedelta(seconds=3)


class Memories:
    """Recalls for runs and learns from them.

    Args:
        memories: None where memory is switched off; then nothing is recalled and nothing is kept.
        segments: keeps the pieces of what was recalled, so that prompts can name them.
    """

    def __init__(self, memories: RunMemories | None, *, segments: SegmentStore) -> None:
        self._memories = memories
        self._segments = segments
        self._warming: set[asyncio.Task[None]] = set()

    def warm(self, warming: Warming) -> None:
        """Have what a run will ask for loaded, in the background: its agents' first turns need not wait for that."""
        if self._memories is not None:
            task = asyncio.get_running_loop().create_task(_warm(self._memories.store, warming))
            self._warming.add(task)
            task.add_done_callback(self._warming.discard)

    async def close(self) -> None:
        """End what is being loaded."""
        for task in self._warming:
            task.cancel()
        await asyncio.gather(*self._warming, return_exceptions=True)

    @activity.defn(name="recall_memories")
    async def recall_memories(self, request: RecallRequest) -> RecallOutcome:
        """Choose what a run's agents are told before they begin."""
        return await self._recalled(request)

    @activity.defn(name="query_memories")
    async def query_memories(self, request: RecallRequest) -> RecallOutcome:
        """Choose what an agent is told in its turn."""
        return await self._recalled(request)

    @activity.defn(name="add_memory")
    async def add_memory(self, request: AdditionRequest) -> AdditionOutcome:
        """Write what an agent wants to be remembered, once."""
        if self._memories is None:
            return AdditionOutcome(note=OFF)
        with as_failures():
            found = await resolve(self._segments, conversation_id(), request.text)
            if isinstance(found, Missing):
                return AdditionOutcome(missing=found)
            await self._keep(request, found)
            return await _added(self._memories.store, request, found.text)

    @activity.defn(name="remember_run")
    async def remember_run(self, request: LearnRequest) -> LearnOutcome:
        """Learn from what was said in a part of a run, once."""
        if self._memories is None:
            return LearnOutcome(extraction=Extraction(note=OFF))
        with as_failures():
            async with heartbeating():
                found = await resolve(self._segments, conversation_id(), request.text)
                if isinstance(found, Missing):
                    return LearnOutcome(missing=found)
                conversed = Conversed.model_validate(next(put_together(found.text)))
                extraction = _shown(await self._memories.learner.learn(_extraction(request, conversed)))
                await self._keep(request, found, *(one.text for one in extraction.learned))
                await self._tell_ranking(request, conversed)
                return LearnOutcome(extraction=extraction)

    async def _recalled(self, request: RecallRequest) -> RecallOutcome:
        if self._memories is None:
            return _nothing(OFF)
        seconds = self._memories.patience.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                return await self._chosen(self._memories.contexts, request)
        except TimeoutError:
            return _nothing(f"nothing was recalled: memory did not answer within {seconds:g} s")
        except PerdureError as error:
            return _nothing(f"nothing was recalled: {error}")

    async def _chosen(self, contexts: ContextBuilder, request: RecallRequest) -> RecallOutcome:
        found = await resolve(self._segments, conversation_id(), request.text)
        if isinstance(found, Missing):
            return RecallOutcome(missing=found)
        common = await contexts.build(_context(request, task=found.text, agent=request.agent))
        own = await _own(contexts, request, task=found.text, common=common)
        await self._keep(request, found, *(context.text for context in (common, *own.values())))
        return RecallOutcome(context=_slim(common), own={name: _slim(context) for name, context in own.items()})

    async def _keep(self, request: MemoryCall, found: Resolved, *texts: str) -> None:
        blobs = dict(found.blobs)
        for text in texts:
            blobs |= answer_blobs(text)
        # What is missing later is asked for again.
        try:
            await self._segments.write(conversation_id(), blobs)
            if request.text.expired is not None:
                await self._segments.drop(conversation_id(), [bytes.fromhex(request.text.expired)])
        except BackendUnavailable as error:
            activity.logger.warning("the pieces of what memory was asked could not be stored: %s", error)

    async def _tell_ranking(self, request: LearnRequest, conversed: Conversed) -> None:
        if self._memories is None or not self._memories.learns_ranking or not conversed.ids:
            return
        drawn = _drawn(conversed)
        try:
            await self._memories.store.drew(_caller(request), drawn)
        except PerdureError as error:
            activity.logger.warning("the ranking was not told what an answer drew on: %s", error)


async def _warm(store: MemoryStore, warming: Warming) -> None:
    names = {"user": warming.user, "session": warming.session, "team": warming.team}
    try:
        caller = Caller(tenant=warming.tenant, branch=warming.branch, scope=MemoryScope.model_validate(names))
        await store.warm(caller)
    except (ValidationError, PerdureError) as error:  # the run itself says what it cannot ask
        _log.info("memories of a run were not loaded before it asks: %s", error)


async def _own(
    contexts: ContextBuilder, request: RecallRequest, *, task: str, common: MemoryContext
) -> dict[str, MemoryContext]:
    """What only single agents remember, with what the common context leaves of the budget."""
    policy = request.policy
    left = {"tokens": policy.tokens - common.tokens, "limit": policy.limit - len(common.injected)}
    if min(left.values()) <= 0 or (policy.scopes is not None and "agent" not in policy.scopes):
        return {}
    rest = request.model_copy(update={"policy": policy.model_copy(update={**left, "scopes": ("agent",)})})
    built = await asyncio.gather(*(contexts.build(_context(rest, task=task, agent=agent)) for agent in request.agents))
    return {agent: context for agent, context in zip(request.agents, built, strict=True) if context.text}


async def _added(store: MemoryStore, request: AdditionRequest, text: str) -> AdditionOutcome:
    info, agent = activity.info(), request.scope.agent
    source = MemorySource(run=info.workflow_id, execution=info.workflow_run_id)
    try:
        draft = MemoryDraft(text=sendable(text), scope=request.into, speaker=agent, source=source)
    except ValidationError as error:
        return AdditionOutcome(note=f"nothing was written: {error.errors()[0]['msg']}")
    written = await store.add(_caller(request), [draft], idempotency_key=journal.call_key())
    return AdditionOutcome(id=written[0].id)


def _drawn(conversed: Conversed) -> list[str]:
    """The ids of the memories that the last answer drew on."""
    answers = [text for *_, role, text in conversed.said if role == "agent"]
    items = [item for text in conversed.told for item in items_of(text)]
    drawn = drawn_on(items, answer=answers[-1] if answers else "")
    return [id_ for id_, is_drawn in zip(conversed.ids, drawn, strict=False) if is_drawn]


def _caller(request: MemoryCall) -> Caller:
    info = activity.info()
    return Caller(
        tenant=request.tenant,
        branch=request.branch,
        actor=f"run:{info.workflow_id}"[:_ACTOR_CHARS],
        scope=request.scope,
        run=info.workflow_id,
        step=info.activity_id,
    )


def _context(request: RecallRequest, *, task: str, agent: str | None) -> ContextRequest:
    caller = _caller(request)
    scope = caller.scope.model_copy(update={"agent": agent})
    return ContextRequest(
        caller=caller.model_copy(update={"scope": scope}),
        task=task,
        policy=request.policy,
        agent=agent,
        already=request.already,
        executions=_executions(request),
    )


def _extraction(request: LearnRequest, conversed: Conversed) -> ExtractionRequest:
    info = activity.info()
    return ExtractionRequest(
        caller=_caller(request),
        scope=request.into,
        utterances=tuple(
            Utterance.model_validate({"index": index, "turn": turn, "speaker": speaker, "role": role, "text": text})
            for index, turn, speaker, role, text in conversed.said
        ),
        injected=tuple(item for text in conversed.told for item in items_of(text)),
        executions=_executions(request),
        thread=info.workflow_id,
        now=request.now,
        key=f"{request.tenant}/{info.workflow_id}/{info.workflow_run_id}/{request.entry}",
    )


def _executions(request: MemoryCall) -> tuple[str, ...]:
    return (*request.executions, activity.info().workflow_run_id or "")


def _shown(extraction: Extraction) -> Extraction:
    shown = [one.model_copy(update={"text": cut(one.text, _LEARNED_CHARS)}) for one in extraction.learned]
    return extraction.model_copy(update={"learned": tuple(shown[:_MOST_LEARNED])})


def _slim(context: MemoryContext) -> MemoryContext:
    """The same without its lines, which are the lines of its text."""
    return context.model_copy(
        update={"injected": tuple(one.model_copy(update={"line": ""}) for one in context.injected)}
    )


def _nothing(note: str) -> RecallOutcome:
    return RecallOutcome(context=MemoryContext(note=note))
