"""Changes of memories: from what was asked to a commit, and from the commit to indexes and projections."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from contracts.errors import BackendUnavailable
from contracts.memories import (
    Caller,
    Forgetting,
    Memory,
    MemoryCommit,
    MemoryDraft,
    MemoryRevision,
)
from contracts.memory_ports import MemoryLedger, View
from memory.memory_texts import SpokenText, TextAnalysis
from memory.scope_indexes import ScopeIndexes

_log = logging.getLogger(__name__)
# Working memory lasts so long where nothing is said.
_WORKING = timedelta(hours=24)


class Followers(Protocol):
    """What follows the ledger outside of this process."""

    async def follow(self) -> None:
        """Bring what follows up to the ledger. Raises `BackendUnavailable` where one of them is away."""
        ...


class MemoryWriting:
    """Commits changes, and has everything follow.

    Args:
        ledger: the truth.
        analysis: makes stems and vectors.
        indexes: of this process.
        followers: projections elsewhere.
    """

    def __init__(
        self, ledger: MemoryLedger, *, analysis: TextAnalysis, indexes: ScopeIndexes, followers: Followers
    ) -> None:
        self._ledger = ledger
        self._analysis = analysis
        self._indexes = indexes
        self._followers = followers

    async def add(
        self, caller: Caller, drafts: Sequence[MemoryDraft], *, idempotency_key: str | None
    ) -> tuple[Memory, ...]:
        """Write drafts that the caller may write."""
        digest = "" if idempotency_key is None else digest_of(caller, drafts)
        now = datetime.now(UTC)
        commit = self._commit(caller).model_copy(
            update={
                "drafts": tuple(_lasting(draft, now=now) for draft in drafts),
                "idempotency_key": idempotency_key,
                "digest": digest,
            }
        )
        return await self._made(caller, commit, [SpokenText(draft.text, draft.speaker) for draft in drafts])

    async def revise(
        self, caller: Caller, revisions: Sequence[MemoryRevision], *, speaker: str | None = None, why: str | None
    ) -> tuple[Memory, ...]:
        """Change memories that the caller may change.

        Args:
            caller: who asks.
            revisions: the changes.
            speaker: who said the text, where a revision changes it and says nothing of who said it.
            why: is written down.
        """
        commit = self._commit(caller, why).model_copy(update={"revisions": tuple(revisions)})
        texts = [None if one.text is None else SpokenText(one.text, one.speaker or speaker) for one in revisions]
        return await self._made(caller, commit, texts)

    async def forget(self, caller: Caller, forgetting: Forgetting, *, why: str | None) -> Memory:
        """Forget a memory that the caller may change, and return what is left of it."""
        commit = self._commit(caller, why).model_copy(update={"forgettings": (forgetting,)})
        return (await self._made(caller, commit, []))[0]

    def _commit(self, caller: Caller, why: str | None = None) -> MemoryCommit:
        return MemoryCommit(
            tenant=caller.tenant,
            branch=caller.branch,
            author=caller.author(why),
            agent=caller.scope.agent,
            session=caller.scope.session,
        )

    async def _made(
        self, caller: Caller, commit: MemoryCommit, texts: Sequence[SpokenText | None]
    ) -> tuple[Memory, ...]:
        given = [text for text in texts if text is not None]
        analysed = await self._analysis.of(given)
        stems, vectors = iter(analysed.stems), iter(analysed.vectors)
        made = await self._ledger.commit(
            commit,
            stems=[() if text is None else next(stems) for text in texts],
            vectors=[None if text is None else next(vectors) for text in texts],
            embedder=self._analysis.embedder.name,
        )
        await self._follow(caller, made.memories, sequence=made.sequence)
        return made.memories

    async def _follow(self, caller: Caller, memories: Iterable[Memory], *, sequence: int) -> None:
        scopes = {scope.key for memory in memories for scope in (memory.scope, *(g.scope for g in memory.grants))}
        views = [View(caller.tenant, caller.branch, scope) for scope in scopes]
        try:
            await self._indexes.follow(views, moved=sequence)
            await self._followers.follow()
        except BackendUnavailable as error:
            # It is written, and whoever searches next catches up.
            _log.warning("what follows memory is behind: %s", error)


def digest_of(caller: Caller, drafts: Iterable[MemoryDraft]) -> str:
    """Return the digest of what is asked with an idempotency key."""
    found = hashlib.sha256(f"{caller.branch}\n{caller.scope.key}\n".encode())
    for draft in drafts:
        found.update(draft.model_dump_json().encode())
    return found.hexdigest()


def _lasting(draft: MemoryDraft, *, now: datetime) -> MemoryDraft:
    if draft.kind != "working" or draft.expires_at is not None or draft.hold:
        return draft
    return draft.model_copy(update={"expires_at": now + _WORKING})
