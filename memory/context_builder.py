"""What agents are told of what is remembered: found in their name, chosen within a budget, and recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from contracts.errors import PerdureError
from contracts.memories import Memory, MemoryRecord
from contracts.memory_ports import MemoryLedger, MemoryStore
from contracts.recall import MAX_QUERY_CHARS, MemoryFilter, MemoryListing, MemoryQuery, Recalled
from contracts.remembering import ContextRequest, MemoryContext
from memory.context.choosing import Choice, Found, Why, owner

# For a context, so many hits are looked at: some are told already, say the same, or are of another scope.
_MOST_HITS = 200
_LEAST_HITS = 24
_RECORDED_CHARS = 2_000
_OUTSIDE = "outside-"
# What is relevant leaves so much of the tokens to what is recent.
_RELEVANT_PART = 0.75


class LedgeredContextBuilder:
    """See `ContextBuilder`.

    Args:
        store: searched in the name of whoever asks.
        ledger: keeps who was told what.
    """

    def __init__(self, store: MemoryStore, *, ledger: MemoryLedger) -> None:
        self._store = store
        self._ledger = ledger

    async def build(self, request: ContextRequest) -> MemoryContext:
        """See `ContextBuilder.build`."""
        if not request.policy.limit or not request.policy.tokens or not await self._is_there(request):
            return MemoryContext()
        search = _Search(self._store, request)
        pinned, relevant, recent = await asyncio.gather(
            search.asked(search.pinned), search.asked(search.relevant), search.asked(search.recent)
        )
        context = _chosen(request, pinned, relevant, recent).context(sequence=search.sequence, note=search.note)
        return await self._recorded(request, context)

    async def _is_there(self, request: ContextRequest) -> bool:
        """Whether the scopes that are asked for hold anything: most agents remember nothing of their own."""
        caller, wanted = request.caller, request.policy.scopes
        if wanted is None or "shared" in wanted:  # hits from outside are everybody's, and not counted
            return True
        keys = [scope.key for scope in caller.scope.visible() if owner(scope) in wanted]
        try:
            counts = await self._ledger.counts(tenant=caller.tenant, branch=caller.branch, scopes=keys)
        except PerdureError:
            return True  # the search says what is away
        return bool(counts["scope"])

    async def _recorded(self, request: ContextRequest, context: MemoryContext) -> MemoryContext:
        if not context.injected:
            return context
        try:
            await self._ledger.record([_record(request, context)])
        except PerdureError as error:
            return MemoryContext(note=f"nothing was recalled, as it could not be recorded: {error}")
        return context


class _Search:
    """What is found for one context; what cannot be asked is noted, and the rest is used."""

    def __init__(self, store: MemoryStore, request: ContextRequest) -> None:
        self._store = store
        self._request = request
        self._notes: dict[str, None] = {}
        self.sequence: int | None = None

    @property
    def note(self) -> str | None:
        """Why there is less than there could be."""
        return "; ".join(self._notes) or None

    async def asked(self, leg: Callable[[], Awaitable[list[Found]]]) -> list[Found]:
        """Return what a leg finds, nothing where it cannot be asked."""
        try:
            return await leg()
        except PerdureError as error:
            self._notes[f"memory is not all there: {error}"] = None
            return []

    async def pinned(self) -> list[Found]:
        """What is told whatever the task is, the latest first."""
        listing = MemoryListing(filter=self._filter(pinned=True), limit=_MOST_HITS)
        page = await self._store.list(self._request.caller, listing)
        return [Found(memory=one, score=1.0, why="pinned") for one in page.memories if not self._is_abandoned(one)]

    async def relevant(self) -> list[Found]:
        """What fits the task, the best first."""
        return [_found(hit, "relevant") for hit in await self._hits(self._request.task[:MAX_QUERY_CHARS])]

    async def recent(self) -> list[Found]:
        """What was remembered last of session and user."""
        if not self._request.policy.recent:
            return []
        hits = await self._hits("")
        own = [hit for hit in hits if hit.memory.scope.user or hit.memory.scope.session]
        return [_found(hit, "recent") for hit in own]

    async def _hits(self, text: str) -> list[Recalled]:
        policy, caller = self._request.policy, self._request.caller
        wanted = 2 * policy.limit + len(self._request.already) if text else policy.recent + len(self._request.already)
        limit = min(_MOST_HITS, max(_LEAST_HITS, wanted if policy.scopes is None else 4 * wanted))
        query = MemoryQuery(text=text, limit=limit, filter=self._filter(), team=caller.scope.team)
        found = await self._store.search(caller, query)
        self.sequence = max(self.sequence or 0, found.sequence)
        self._notes.update(dict.fromkeys(found.degraded))
        return [hit for hit in found.hits if not self._is_abandoned(hit.memory)]

    def _is_abandoned(self, memory: Memory) -> bool:
        """Whether an execution of this very run remembered it that was reset: it leaves recall when the run has ended.

        A run that was told it would not learn it again, and with the end of the run it would be lost.
        """
        source, own = memory.source, self._request.executions
        return bool(own) and source.run == self._request.caller.run and source.execution not in own

    def _filter(self, *, pinned: bool | None = None) -> MemoryFilter:
        return MemoryFilter(kinds=self._request.policy.kinds, pinned=pinned)


def _chosen(request: ContextRequest, pinned: list[Found], relevant: list[Found], recent: list[Found]) -> Choice:
    policy = request.policy
    choice = Choice(policy, already=request.already)
    choice.take(pinned, most=policy.limit)
    reserved = min(policy.recent, len(recent))
    choice.take(relevant, most=policy.limit - reserved, part=_RELEVANT_PART if reserved else 1.0)
    choice.take(recent, most=choice.count + policy.recent)
    choice.take(relevant, most=policy.limit)
    return choice


def _found(hit: Recalled, why: Why) -> Found:
    is_outside = hit.memory.id.startswith(_OUTSIDE)
    return Found(memory=hit.memory, score=hit.score, why="outside" if is_outside else why)


def _record(request: ContextRequest, context: MemoryContext) -> MemoryRecord:
    caller = request.caller
    return MemoryRecord(
        action="inject",
        tenant=caller.tenant,
        branch=caller.branch,
        actor=caller.actor,
        run=caller.run,
        agent=request.agent,
        session=caller.scope.session,
        query=request.task[:_RECORDED_CHARS],
        ids=tuple(one.id for one in context.injected),
        count=len(context.injected),
        key=_key(request),
    )


def _key(request: ContextRequest) -> str | None:
    """What the attempts of one activity have in common; it may choose for several agents."""
    caller, execution = request.caller, request.executions[-1:]
    if caller.run is None or caller.step is None:
        return None
    return "/".join((caller.run, *execution, caller.step, request.agent or ""))
