"""Changes of memories: from what was asked to a commit, and from the commit to indexes and projections."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from contracts.errors import BackendUnavailable
from contracts.memories import Caller, Memory, MemoryCommit, MemoryCommitted, MemoryDraft, MemoryRevision
from contracts.memory_ports import MemoryLedger, View
from memory.relations.entities import entities_of
from memory.store.scope_indexes import ScopeIndexes
from memory.store.texts import SpokenText, TextAnalysis
from memory.store.vector_repair import VectorRepair

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
        repair: makes the vectors that could not be made.
        indexes: of this process.
        followers: projections elsewhere.
    """

    def __init__(
        self,
        ledger: MemoryLedger,
        *,
        analysis: TextAnalysis,
        repair: VectorRepair,
        indexes: ScopeIndexes,
        followers: Followers,
    ) -> None:
        self._ledger = ledger
        self._analysis = analysis
        self._repair = repair
        self._indexes = indexes
        self._followers = followers

    async def commit(
        self, caller: Caller, commit: MemoryCommit, *, changed: Mapping[str, Memory] | None = None
    ) -> MemoryCommitted:
        """Make a commit of what the caller may change.

        Args:
            caller: in whose tenant and branch it is made.
            commit: the changes.
            changed: memories whose text is changed, by id: who said them is not part of what is embedded.
        """
        changed = changed or {}
        commit = _completed(commit, caller, changed)
        texts = [*map(_of_draft, commit.drafts), *(_of_revision(one, changed) for one in commit.revisions)]
        stems, vectors = await self._analysed(texts)
        made = await self._ledger.commit(commit, stems=stems, vectors=vectors, embedder=self._analysis.embedder.name)
        await self._follow(caller, made.memories, sequence=made.sequence)
        return made

    async def _analysed(self, texts: Sequence[SpokenText | None]) -> tuple[list[tuple[str, ...]], list[bytes | None]]:
        """Stems and vectors, none for None; vectors that cannot be made now are made later."""
        analysed = await self._analysis.of([text for text in texts if text is not None])
        if analysed.degraded is not None:
            self._repair.begin()
        elif texts:
            self._repair.wake()
        stems, vectors = iter(analysed.stems), iter(analysed.vectors)
        return (
            [() if text is None else next(stems) for text in texts],
            [None if text is None else next(vectors) for text in texts],
        )

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


def _completed(commit: MemoryCommit, caller: Caller, changed: Mapping[str, Memory]) -> MemoryCommit:
    return commit.model_copy(
        update={
            "tenant": caller.tenant,
            "branch": caller.branch,
            "drafts": tuple(_named(_lasting(draft, now=datetime.now(UTC))) for draft in commit.drafts),
            "revisions": tuple(_renamed(one, changed) for one in commit.revisions),
            "agent": commit.agent or caller.scope.agent,
            "session": commit.session or caller.scope.session,
        }
    )


def _of_draft(draft: MemoryDraft) -> SpokenText | None:
    return SpokenText(draft.text, draft.speaker)


def _of_revision(revision: MemoryRevision, changed: Mapping[str, Memory]) -> SpokenText | None:
    if revision.text is None:
        return None
    speaker = changed[revision.id].speaker if revision.id in changed else None
    return SpokenText(revision.text, revision.speaker or speaker)


def _lasting(draft: MemoryDraft, *, now: datetime) -> MemoryDraft:
    if draft.kind != "working" or draft.expires_at is not None or draft.hold:
        return draft
    return draft.model_copy(update={"expires_at": now + _WORKING})


def _named(draft: MemoryDraft) -> MemoryDraft:
    """Return a draft with the names that its text speaks of, where nobody said which these are."""
    if draft.entities:
        return draft
    return draft.model_copy(update={"entities": entities_of(draft.text, draft.speaker, draft.tags)})


def _renamed(revision: MemoryRevision, changed: Mapping[str, Memory]) -> MemoryRevision:
    if revision.text is None or revision.entities is not None:
        return revision
    before = changed.get(revision.id)
    speaker = revision.speaker or (before.speaker if before else None)
    tags = revision.tags if revision.tags is not None else (before.tags if before else ())
    return revision.model_copy(update={"entities": entities_of(revision.text, speaker, tags)})
