"""Searches in memory: from a question to hits that say why they were found."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from contracts.errors import BackendUnavailable
from contracts.memories import Caller
from contracts.memory_ports import MemoryLedger
from contracts.recall import MemoryFilter, MemoryListing, MemoryPage, MemoryQuery, Recalled, Recollection
from contracts.recall_ports import MemoryCache
from memory.background import end
from memory.recall import questions
from memory.recall.columns import Floats
from memory.recall.index import ScopeIndex
from memory.recall.ranking import Ranking
from memory.store.checks import check_words, moment
from memory.store.evidence import Evidence
from memory.store.hits import NO_HITS, MemoryHits, with_outside
from memory.store.learned_ranking import LearnedRanking
from memory.store.legs import RecallLegs
from memory.store.recorder import MemoryRecorder
from memory.store.rights import visible_keys
from memory.store.scope_indexes import ScopeIndexes
from memory.store.search_request import Past, RecallTuning, SearchRequest, request_of
from memory.store.set_aside import SetAside
from memory.store.texts import TextAnalysis

_KEPT = timedelta(minutes=5)
# What lies outside changes without telling.
_KEPT_WITH_OUTSIDE = timedelta(seconds=10)
# What leads on to others. Those themselves gain nothing by it.
_SEEDS = 20
_ACTIVE = ("active",)


class MemorySearch:
    """Answers questions from the indexes of this process, and from what takes part besides.

    Args:
        ledger: the truth; hits are read from it.
        indexes: of the ledger.
        analysis: makes vectors of questions.
        cache: answers that were given before.
        recorder: writes down who asked what.
        tuning: weights of the legs.
        legs: what is asked elsewhere.
        learned: what was of use before; None where that does not count.
    """

    def __init__(
        self,
        ledger: MemoryLedger,
        *,
        indexes: ScopeIndexes,
        analysis: TextAnalysis,
        cache: MemoryCache,
        recorder: MemoryRecorder,
        tuning: RecallTuning,
        legs: RecallLegs,
        learned: LearnedRanking | None = None,
    ) -> None:
        self._ledger = ledger
        self._indexes = indexes
        self._analysis = analysis
        self._cache = cache
        self._recorder = recorder
        self._tuning = tuning
        self._legs = legs
        self._learned = learned
        self._hits = MemoryHits(ledger)
        self._aside = SetAside(ledger, analysis=analysis)

    async def search(self, caller: Caller, query: MemoryQuery, *, recorded: bool = True) -> Recollection:
        """See `MemoryStore.search`."""
        request = await self._request(caller, query)
        found = await self._kept(request) or await self._fresh(request)
        if recorded:
            self._recorder.note(caller, "search", ids=tuple(hit.memory.id for hit in found.hits), query=query.text)
        return found

    async def listed(self, caller: Caller, listing: MemoryListing, *, recorded: bool = True) -> MemoryPage:
        """See `MemoryStore.list`."""
        wanted = listing.filter.scope
        scopes = visible_keys(caller)
        if wanted is not None:
            scopes = (wanted.key,) if caller.sees(wanted) else ()
        check_words(listing.filter.model_dump(), what="the filter")
        listing = listing.model_copy(update={"as_of": moment(listing.as_of)})
        page = await self._ledger.list(listing, tenant=caller.tenant, branch=caller.branch, scopes=scopes)
        if recorded:
            self._recorder.note(caller, "search", ids=tuple(memory.id for memory in page.memories))
        return page

    async def warm(self, caller: Caller) -> None:
        """See `MemoryStore.warm`."""
        request = await self._request(caller, MemoryQuery(text="warm"))
        await self._indexes_of(request, await self._scopes(request))
        await self._vector("warm", degraded=[])

    async def _request(self, caller: Caller, query: MemoryQuery) -> SearchRequest:
        if query.filter != MemoryFilter() or query.team is not None:
            check_words((query.filter.model_dump(), query.team), what="the query")
        moved = await self._ledger.moved(tenant=caller.tenant)
        past = await self._past(query.as_of, moved=moved)
        learned = "" if self._learned is None else await self._learned.version(caller.tenant)
        return request_of(caller, query, tuning=self._tuning, moved=moved, past=past, learned=learned)

    async def _past(self, as_of: int | datetime | None, *, moved: int) -> Past | None:
        if as_of is None:
            return None
        if isinstance(as_of, datetime):
            return Past(await self._ledger.sequence_at(as_of), as_of)
        sequence = min(max(as_of, 0), moved)
        return Past(sequence, await self._ledger.time_of(sequence))

    async def _kept(self, request: SearchRequest) -> Recollection | None:
        kept = await self._cache.get(request.key, version=request.moved)
        if kept is None:
            return None
        return Recollection.model_validate_json(kept).model_copy(update={"cached": True})

    async def _fresh(self, request: SearchRequest) -> Recollection:
        found = await (self._found(request) if request.query.text.strip() else self._latest(request))
        ends = [hit.memory.expires_at - datetime.now(UTC) for hit in found.hits if hit.memory.expires_at is not None]
        ttl = min([_KEPT_WITH_OUTSIDE if self._legs.sources else _KEPT, *(ends if request.as_of is None else ())])
        # What a grant lets somebody see ends with the grant, and tells nobody.
        lent = any(not request.caller.sees(hit.memory.scope) for hit in found.hits)
        if not found.degraded and ttl > timedelta() and not lent:
            value = found.model_dump_json().encode()
            await self._cache.put(request.key, value, version=request.moved, ttl=ttl)
        return found

    async def _latest(self, request: SearchRequest) -> Recollection:
        query, caller = request.query, request.caller
        listing = MemoryListing(filter=query.filter, limit=query.limit, after=query.after, as_of=request.as_of)
        page = await self._ledger.list(listing, tenant=caller.tenant, branch=caller.branch, scopes=request.scopes)
        hits = tuple(Recalled.model_construct(memory=memory, score=0.0, shares=()) for memory in page.memories)
        return Recollection.model_construct(hits=hits, after=page.after, sequence=request.sequence)

    async def _found(self, request: SearchRequest) -> Recollection:
        asking = asyncio.create_task(self._outside(request))
        try:
            ranked = await self._ranked(request)
            outside = await asking
        finally:
            await end(asking)
        page = NO_HITS if ranked is None else await self._hits.page(request, ranked)
        page = with_outside(page, outside, request)
        return Recollection(
            hits=tuple(hit.recalled for hit in page.hits),
            after=None if page.ends is None else request.cursor(page.ends),
            sequence=request.sequence,
            expansion=ranked.expansion if ranked and request.query.explain else (),
            corrections=ranked.corrections if ranked else (),
            degraded=tuple(request.degraded),
        )

    async def _ranked(self, request: SearchRequest) -> Ranking | None:
        scopes = await self._scopes(request)
        indexes = await self._indexes_of(request, scopes)
        if not indexes:
            return None
        question = questions.asked(request.query.text, indexes, now=request.asked_at)
        vector = await self._vector(question.embedded, degraded=request.degraded)
        evidence = Evidence(
            vector=vector,
            among=await self._among(request, scopes),
            likeness=await self._likeness(request, vector, scopes),
            learned=None if self._learned is None else await self._learned.values(request.caller.tenant),
        )
        ranked = evidence.rank(request, indexes, question)
        if not request.weights.association:
            return ranked
        seeds = [found.id for found in ranked.top(0, _SEEDS)]
        associations = await self._legs.associations(seeds, request=request, scopes=scopes)
        return replace(evidence, associations=associations).rank(request, indexes, question)

    async def _scopes(self, request: SearchRequest) -> Sequence[str]:
        if request.scopes is not None:
            return request.scopes
        return await self._ledger.scopes(tenant=request.caller.tenant)

    async def _indexes_of(self, request: SearchRequest, scopes: Sequence[str]) -> list[ScopeIndex]:
        if request.query.filter.statuses != _ACTIVE:
            return [await self._aside.index(request, scopes)]
        return await self._indexes.at([request.view(scope) for scope in scopes], moved=request.moved)

    async def _vector(self, text: str, *, degraded: list[str]) -> Floats | None:
        if not text:
            return None
        try:
            (vector,) = await self._analysis.embedder.embed([text])
        except BackendUnavailable as error:
            degraded.append(f"embedder: {error}")
            return None
        return np.asarray(vector, dtype=np.float32)

    async def _among(self, request: SearchRequest, scopes: Sequence[str]) -> frozenset[str] | None:
        if not request.filtered:
            return None
        listing = MemoryListing(filter=request.query.filter, as_of=request.view("").as_of)
        caller = request.caller
        return await self._ledger.matching(listing, tenant=caller.tenant, branch=caller.branch, scopes=scopes)

    async def _likeness(
        self, request: SearchRequest, vector: Floats | None, scopes: Sequence[str]
    ) -> Mapping[str, float] | None:
        if vector is None or request.view("").as_of is not None or request.query.filter.statuses != _ACTIVE:
            return None
        return await self._legs.likeness(vector, request=request, scopes=scopes)

    async def _outside(self, request: SearchRequest) -> list[Recalled]:
        # Who narrows a search to what memories say of themselves does not mean documents.
        if not self._legs.sources or request.filtered or request.offset or request.as_of is not None:
            return []
        return await self._legs.outside(request)
