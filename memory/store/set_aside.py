"""Searches among memories that are not recalled: superseded, in review, abandoned, forgotten.

Indexes hold what may be recalled. Whoever looks for something else does so seldom, and waits until it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from contracts.memories import Memory
from contracts.memory_ports import LedgerEntry, MemoryLedger
from contracts.recall import MemoryListing
from memory.recall.index import ScopeIndex
from memory.state.rows import microseconds
from memory.store.search_request import SearchRequest
from memory.store.texts import SpokenText, TextAnalysis

_MOST = 5_000
_PAGE = 1_000


class SetAside:
    """Makes an index of what a filter names, for one search.

    Args:
        ledger: what is read.
        analysis: makes stems and vectors: those in the ledger are of what may be recalled.
    """

    def __init__(self, ledger: MemoryLedger, *, analysis: TextAnalysis) -> None:
        self._ledger = ledger
        self._analysis = analysis

    async def index(self, request: SearchRequest, scopes: Sequence[str]) -> ScopeIndex:
        """Return an index of what the request's filter names; of very many, of the newest."""
        memories = await self._memories(request, scopes)
        analysed = await self._analysis.of([SpokenText(memory.text, memory.speaker) for memory in memories])
        if analysed.degraded:
            request.degraded.append(analysed.degraded)
        index = ScopeIndex(self._analysis.embedder.dimensions)
        entries = map(_entry, memories, analysed.stems, analysed.vectors)
        index.apply(list(entries), upto=request.sequence)
        return index

    async def _memories(self, request: SearchRequest, scopes: Sequence[str]) -> list[Memory]:
        listing = MemoryListing(filter=request.query.filter, limit=_PAGE, as_of=request.as_of)
        found: list[Memory] = []
        while len(found) < _MOST:
            page = await self._ledger.list(
                listing, tenant=request.caller.tenant, branch=request.caller.branch, scopes=scopes
            )
            found += [memory for memory in page.memories if memory.text]
            if page.after is None:
                return found
            listing = listing.model_copy(update={"after": page.after})
        request.degraded.append(f"filter: only the newest {len(found):,} that are not active were searched")
        return found


def _entry(memory: Memory, stems: tuple[str, ...], vector: bytes | None) -> LedgerEntry:
    return LedgerEntry(
        id=memory.id,
        sequence=memory.sequence,
        live=True,
        stems=stems,
        vector=vector,
        thread=memory.source.thread,
        position=memory.source.position,
        speaker=memory.speaker,
        happened_at=_micros(memory.happened_at),
        written_at=microseconds(memory.written_at),
        expires_at=None,
        importance=memory.importance,
        pinned=memory.pinned,
        entities=memory.entities,
    )


def _micros(time: datetime | None) -> int | None:
    return None if time is None else microseconds(time)
