"""The memory that people and runs work with: the ledger, its indexes, caches and rights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from contracts.errors import Forbidden
from contracts.memories import (
    Caller,
    Forgetting,
    Memory,
    MemoryCommit,
    MemoryCommitted,
    MemoryDraft,
    MemoryRevision,
)
from contracts.memory_ports import MemoryLedger
from contracts.recall import MemoryListing, MemoryPage, MemoryQuery, Recollection
from contracts.recall_ports import MemoryCache
from contracts.relations import Path, Relation
from contracts.state import Author
from memory.store import review
from memory.store.access import MemoryAccess
from memory.store.checks import made
from memory.store.learned_ranking import LearnedRanking
from memory.store.recorder import MemoryRecorder
from memory.store.relations import MemoryRelations
from memory.store.rights import check_writes, visible_keys
from memory.store.scope_indexes import ScopeIndexes
from memory.store.search import MemorySearch
from memory.store.uses import MemoryUses, Use
from memory.store.writing import Followers, MemoryWriting, digest_of


class Projections(Followers, Protocol):
    """What follows the ledger outside of this process, and can be built anew."""

    async def reindex(self, *, only: Sequence[str] | None) -> dict[str, int]:
        """See `MemoryStore.reindex`."""
        ...

    async def stats(self) -> dict[str, Any]:
        """Return how far each follows, by name."""
        ...


@dataclass(frozen=True, kw_only=True)
class MemoryParts:
    """What a store of memories is made of.

    Attributes:
        cache: counts of it are told.
        indexes: their sizes are told.
        learned: is told of new marks; None where the ranking does not learn.
    """

    ledger: MemoryLedger
    search: MemorySearch
    writing: MemoryWriting
    relations: MemoryRelations
    projections: Projections
    recorder: MemoryRecorder
    uses: MemoryUses
    cache: MemoryCache
    indexes: ScopeIndexes
    learned: LearnedRanking | None


class LedgeredMemoryStore:
    """See `MemoryStore`.

    Args:
        parts: what it is made of.
    """

    def __init__(self, parts: MemoryParts) -> None:
        self._parts = parts
        self._ledger = parts.ledger
        self._access = MemoryAccess(parts.ledger)

    async def add(
        self, caller: Caller, drafts: Sequence[MemoryDraft], *, idempotency_key: str | None = None
    ) -> tuple[Memory, ...]:
        """See `MemoryStore.add`."""
        if not drafts:
            return ()
        digest = "" if idempotency_key is None else digest_of(caller, drafts)
        commit = made(
            MemoryCommit,
            drafts=tuple(drafts),
            author=caller.author(),
            idempotency_key=idempotency_key,
            digest=digest,
        )
        return (await self.commit(caller, commit)).memories

    async def commit(self, caller: Caller, commit: MemoryCommit) -> MemoryCommitted:
        """Make a whole commit in the caller's tenant and branch. See `MemoryLedger.commit`.

        Raises:
            Forbidden: a scope is not the caller's.
        """
        for draft in commit.drafts:
            check_writes(caller, draft.scope)
        revised = [one.id for one in commit.revisions]
        forgotten = [one.id for one in commit.forgettings]
        superseded = [id for draft in commit.drafts for id in draft.supersedes]
        changed = await self._access.all_writable(caller, [*revised, *forgotten, *superseded])
        others = [one.superseded_by for one in commit.revisions if one.superseded_by is not None]
        for id in set(others) - {draft.id for draft in commit.drafts}:
            await self._access.there(caller, id)
        return await self._parts.writing.commit(caller, commit, changed=changed)

    async def get(
        self, caller: Caller, id: str, *, version: int | None = None, as_of: int | datetime | None = None
    ) -> Memory:
        """See `MemoryStore.get`."""
        if version is None and as_of is None:
            found = await self._access.there(caller, id)
        else:
            found = await self._access.version(caller, id, version=version, as_of=as_of)
        self._parts.recorder.note(caller, "get", ids=(id,))
        return found

    async def search(self, caller: Caller, query: MemoryQuery, *, recorded: bool = True) -> Recollection:
        """See `MemoryStore.search`. What is not `recorded` leaves no trace: nobody has asked for it."""
        return await self._parts.search.search(caller, query, recorded=recorded)

    async def list(self, caller: Caller, listing: MemoryListing, *, recorded: bool = True) -> MemoryPage:
        """See `MemoryStore.list`, and `search`."""
        return await self._parts.search.listed(caller, listing, recorded=recorded)

    async def edit(self, caller: Caller, revision: MemoryRevision, *, why: str | None = None) -> Memory:
        """See `MemoryStore.edit`."""
        return await self._changed(caller, why, revisions=(revision,))

    async def forget(self, caller: Caller, forgetting: Forgetting, *, why: str | None = None) -> None:
        """See `MemoryStore.forget`."""
        await self._changed(caller, why, forgettings=(forgetting,))

    async def history(self, caller: Caller, id: str) -> tuple[Memory, ...]:
        """See `MemoryStore.history`."""
        await self._access.readable(caller, id)
        found = await self._ledger.history(id, tenant=caller.tenant, branch=caller.branch)
        self._parts.recorder.note(caller, "get", ids=(id,))
        return found

    async def review(
        self, caller: Caller, id: str, *, decision: Literal["accept", "reject"], why: str | None = None
    ) -> Memory:
        """See `MemoryStore.review`."""
        memory = await self._access.writable(caller, id)
        review.check_open(memory)
        if decision == "reject":
            return await self._changed(caller, why, forgettings=(review.rejected(memory),))
        superseded = await self._access.seen(caller, memory.supersedes)
        return await self._changed(caller, why, revisions=review.accepted(memory, superseded))

    async def mark(self, caller: Caller, id: str, *, useful: bool) -> None:
        """See `MemoryStore.mark`."""
        await self._access.there(caller, id)
        await self._parts.uses.add([Use(id, useful=useful, useless=not useful)], tenant=caller.tenant)
        self._learn_anew(caller)

    async def drew(self, caller: Caller, ids: Sequence[str]) -> None:
        """See `MemoryStore.drew`."""
        there = await self._access.seen(caller, ids)
        await self._parts.uses.add([Use(memory.id, drawn=1) for memory in there], tenant=caller.tenant)
        self._learn_anew(caller)

    async def forget_ranking(self, caller: Caller) -> int:
        """See `MemoryStore.forget_ranking`."""
        if not caller.operator:
            raise Forbidden(
                f"{caller.actor or 'this caller'!r} is no operator: what was learned is of the whole tenant"
                f" {caller.tenant!r}, and only an operator may have it forgotten"
            )
        count = await self._parts.uses.forget(caller.tenant)
        self._learn_anew(caller)
        return count

    async def relations(self, caller: Caller, node: str, *, limit: int = 100) -> tuple[Relation, ...]:
        """See `MemoryStore.relations`."""
        return await self._parts.relations.relations(caller, node, limit=limit)

    async def relate(self, caller: Caller, relation: Relation) -> Relation:
        """See `MemoryStore.relate`."""
        return await self._parts.relations.relate(caller, relation)

    async def path(self, caller: Caller, start: str, end: str, *, depth: int = 4) -> Path | None:
        """See `MemoryStore.path`."""
        return await self._parts.relations.path(caller, start, end, depth=depth)

    async def warm(self, caller: Caller) -> None:
        """See `MemoryStore.warm`."""
        await self._parts.search.warm(caller)

    async def reindex(self, *, only: Sequence[str] | None = None) -> dict[str, int]:
        """See `MemoryStore.reindex`."""
        return await self._parts.projections.reindex(only=only)

    async def stats(self, caller: Caller) -> dict[str, Any]:
        """See `MemoryStore.stats`."""
        tenant, scopes = caller.tenant, visible_keys(caller)
        counts = await self._ledger.counts(tenant=tenant, branch=caller.branch, scopes=scopes)
        return {
            "memories": counts,
            "sequence": await self._ledger.moved(tenant=tenant),
            "cache": self._parts.cache.counts(),
            "indexes": self._parts.indexes.sizes(),
            "projections": await self._parts.projections.stats(),
        }

    async def _changed(self, caller: Caller, why: str | None, **changes: Any) -> Memory:
        author = made(Author, **{**dict(caller.author()), "why": why})
        return (await self.commit(caller, MemoryCommit(author=author, **changes))).memories[0]

    def _learn_anew(self, caller: Caller) -> None:
        if self._parts.learned is not None:
            self._parts.learned.stale(caller.tenant)
