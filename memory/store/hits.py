"""Pages of hits: what a ranking names, read from the ledger, if it is still there for whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contracts.memories import Memory
from contracts.memory_ports import MemoryLedger
from contracts.recall import Recalled, RecallWeights, Share
from memory.recall.ranking import Found, Ranking
from memory.store.rights import sees
from memory.store.search_request import SearchRequest


class Hit(NamedTuple):
    """A hit and its place in the ranking; None for one from outside."""

    recalled: Recalled
    place: int | None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some hits, and the place in the ranking at which the next page begins; None where there is none."""

    hits: Sequence[Hit]
    ends: int | None


NO_HITS = Page(hits=(), ends=None)


class MemoryHits:
    """Reads hits from the ledger.

    Args:
        ledger: the truth: an index may be older by a moment.
    """

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    async def page(self, request: SearchRequest, ranking: Ranking) -> Page:
        """Return the page that a request asks for."""
        place, hits = request.offset, list[Hit]()
        while True:
            wanted = request.query.limit - len(hits)
            found = ranking.top(place, wanted + 1)
            hits += await self._hits(request, ranking, found[:wanted], place=place)
            place += min(wanted, len(found))
            if len(found) <= wanted:
                return Page(hits=hits, ends=None)
            if len(hits) == request.query.limit:
                return Page(hits=hits, ends=place)

    async def _hits(self, request: SearchRequest, ranking: Ranking, found: Sequence[Found], *, place: int) -> list[Hit]:
        memories = await self._memories(request, [one.id for one in found])
        shares = ranking.shares if request.query.explain else _unexplained
        return [
            Hit(Recalled.model_construct(memory=memory, score=one.score, shares=shares(one)), place + number)
            for number, one in enumerate(found)
            if (memory := memories.get(one.id)) is not None
        ]

    async def _memories(self, request: SearchRequest, ids: Sequence[str]) -> dict[str, Memory]:
        if not ids:
            return {}
        caller = request.caller
        found = await self._ledger.get(ids, tenant=caller.tenant, branch=caller.branch, as_of=request.as_of)
        there = {memory.id: memory for memory in found if _counts(memory, request)}
        lent = [memory.id for memory in there.values() if not caller.sees(memory.scope)]
        if not lent:
            return there
        withdrawn = await self._withdrawn(request, lent)
        return {id: memory for id, memory in there.items() if id not in withdrawn}

    async def _withdrawn(self, request: SearchRequest, lent: Sequence[str]) -> set[str]:
        """Of what was lent to the caller, what is no more: a grant counts as it is now, whatever time is looked at."""
        caller = request.caller
        today = await self._ledger.get(lent, tenant=caller.tenant, branch=caller.branch)
        return set(lent) - {memory.id for memory in today if sees(caller, memory, now=request.now)}


def with_outside(page: Page, outside: Sequence[Recalled], request: SearchRequest) -> Page:
    """Return the first page with hits of outside sources among the others, by score; later pages are as they are."""
    if not outside or request.offset:
        return page
    strange = [Hit(weighed(hit, request.weights), None) for hit in outside]
    hits = sorted([*page.hits, *strange], key=lambda hit: -hit.recalled.score)
    kept, rest = hits[: request.query.limit], hits[request.query.limit :]
    pushed_out = [hit.place for hit in rest if hit.place is not None]
    return Page(hits=kept, ends=min(pushed_out, default=page.ends))


def weighed(hit: Recalled, weights: RecallWeights) -> Recalled:
    """Return a hit of an outside source with its one share."""
    value = min(max(hit.score, 0.0), 1.0)
    share = Share(leg="outside", value=value, weight=weights.outside, score=value * weights.outside)
    return Recalled.model_construct(memory=hit.memory, score=share.score, shares=(share,))


def _counts(memory: Memory, request: SearchRequest) -> bool:
    lasts = request.as_of is not None or memory.expires_at is None or memory.expires_at > request.now
    return lasts and memory.status in request.query.filter.statuses


def _unexplained(_: Found) -> tuple[Share, ...]:
    return ()
