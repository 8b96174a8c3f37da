"""What is known already that findings must be compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from contracts.memories import Caller, Memory, MemoryCommit, MemoryCommitted, MemoryScope
from contracts.memory_ports import MemoryStore
from contracts.recall import MAX_QUERY_CHARS, MemoryFilter, MemoryListing, MemoryPage, MemoryQuery, Recollection
from contracts.remembering import Candidate, ExtractionRequest
from memory.extraction.likeness import likeness
from memory.extraction.persons import name_of
from memory.extraction.prompting import without_secrets
from memory.extraction.subjects import settled

# Under this name a memory keeps what it settles.
SUBJECT = "subject"
_MOST_ALIKE = 10
_MOST_CHARS = 4_000
_MOST_KNOWN = 20
_MOST_OF_A_SUBJECT = 10
_MOST_IN_REVIEW = 200
_LEAST_LIKENESS = 0.4


class LearningStore(MemoryStore, Protocol):
    """A memory store that also makes whole commits, for what learns, and tells it what nobody has asked for."""

    async def search(self, caller: Caller, query: MemoryQuery, *, recorded: bool = True) -> Recollection:
        """See `MemoryStore.search`. What learning compares with is no reading: it need not be recorded."""
        ...

    async def list(self, caller: Caller, listing: MemoryListing, *, recorded: bool = True) -> MemoryPage:
        """See `MemoryStore.list`, and `search`."""
        ...

    async def commit(self, caller: Caller, commit: MemoryCommit) -> MemoryCommitted:
        """Make a commit with stems and vectors, and have indexes and projections follow.

        Raises:
            Forbidden: a draft's scope is not the caller's.
            NotFound, VersionConflict, IdempotencyMismatch: see `MemoryLedger.commit`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Likes:
    """Finds in one scope what is like a text.

    Attributes:
        store: what is searched.
        caller: who asks.
        scope: where.
    """

    store: LearningStore
    caller: Caller
    scope: MemoryScope

    async def of_conversation(self, request: ExtractionRequest) -> tuple[Memory, ...]:
        """Return what is like the latest that people said."""
        said = [one.text for one in request.utterances if one.role == "user"] or [
            one.text for one in request.utterances
        ]
        # What embeds it may be somebody else's.
        text = without_secrets("\n".join(said)[-_MOST_CHARS:]).strip()
        return await self._search(text, limit=_MOST_KNOWN) if text else ()

    async def in_review(self) -> tuple[Memory, ...]:
        """Return the latest that wait for a decision."""
        return await self._list(MemoryFilter(scope=self.scope, statuses=("review",)), limit=_MOST_IN_REVIEW)

    async def of(self, candidate: Candidate, *, in_review: Sequence[Memory]) -> tuple[Memory, ...]:
        """Return what may speak of the same as a finding, the most alike first."""
        text = candidate.text[:MAX_QUERY_CHARS]
        found = {memory.id: memory for memory in await self._search(text, limit=_MOST_ALIKE)}
        found |= {memory.id: memory for memory in await self._of_subject(text)}
        found |= {one.id: one for one in in_review if likeness(one.text, text) >= _LEAST_LIKENESS}
        return tuple(sorted(found.values(), key=lambda memory: (-likeness(memory.text, text), memory.id)))

    async def _of_subject(self, text: str) -> tuple[Memory, ...]:
        matter = settled(text, me=name_of(self.scope.user or self.caller.scope.user))
        if matter is None:
            return ()
        return await self._list(
            MemoryFilter(scope=self.scope, metadata={SUBJECT: matter.subject}), limit=_MOST_OF_A_SUBJECT
        )

    async def _search(self, text: str, *, limit: int) -> tuple[Memory, ...]:
        query = MemoryQuery(text=text, limit=limit, filter=MemoryFilter(scope=self.scope))
        found = await self.store.search(self.caller, query, recorded=False)
        return tuple(hit.memory for hit in found.hits if _is_kept(hit.memory))

    async def _list(self, chosen: MemoryFilter, *, limit: int) -> tuple[Memory, ...]:
        listing = MemoryListing(filter=chosen, limit=limit)
        return (await self.store.list(self.caller, listing, recorded=False)).memories


def _is_kept(memory: Memory) -> bool:
    """Whether it is ours: hits of outside sources are nobody's to merge into."""
    return memory.source.document is None or not memory.id.startswith("outside-")
