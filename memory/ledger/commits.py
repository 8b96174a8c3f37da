"""A commit of memories: drafts, revisions, forgettings, and what drafts supersede."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from contracts.errors import BadRequest, Conflict, IdempotencyMismatch, VersionConflict
from contracts.memories import Forgetting, MemoryCommit
from memory.ledger.changes import MemorySpanNeed
from memory.ledger.drafts import (
    PreparedDraft,
    PreparedRevision,
    check_author,
    commit_digest,
    prepared_drafts,
    prepared_revisions,
)
from memory.ledger.rows import NO_LIST, MemoryRow, VectorRow, body_of, scope_of
from memory.ledger.slate import FORGOTTEN, Slate, needs_of
from memory.state.rows import BranchRow, CommitRow
from memory.state.world import CommitNeed, LineageNeed, Need, World, check_open

# Keys of memory are apart from those of state, which stand in the same table.
_KEYS = "memory/"
_CURRENT = ("active", "review")


class MemoryMade(NamedTuple):
    """What a commit made: the versions that it asked for, and its last sequence; `repeated`: an earlier one did."""

    sequence: int
    rows: Sequence[MemoryRow]
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryCommitCommand:
    """Makes a commit. Built by `memory_command`, outside of the lock."""

    commit: MemoryCommit
    drafts: tuple[PreparedDraft, ...]
    revisions: tuple[PreparedRevision, ...]
    embedder: str
    digest: bytes
    alone: bool = False

    def needs(self, world: World, /) -> Iterator[Need]:
        """See `Command.needs`."""
        commit = self.commit
        yield from self._claim(world)
        lineage = world.lineage(commit.tenant, commit.branch)
        if lineage is None:
            yield LineageNeed(commit.tenant, commit.branch)
            return
        for id_ in self._named():
            yield from needs_of(commit.tenant, commit.branch, id_, lineage)

    def plan(self, world: World) -> MemoryMade:
        """See `Command.plan`."""
        commit = self.commit
        if (repeated := self._repeat(world)) is not None:
            return repeated
        lineage = world.lineage(commit.tenant, commit.branch) or ()
        check_open(commit.branch, lineage)
        slate = Slate(
            world=world, tenant=commit.tenant, author=commit.author, agent=commit.agent, session=commit.session
        )
        change = _Change(slate=slate, branch=commit.branch, lineage=lineage, embedder=self.embedder)
        rows = [change.draft(draft) for draft in self.drafts]
        rows += [change.revise(revision) for revision in self.revisions]
        rows += [change.forget(forgetting) for forgetting in commit.forgettings]
        for draft in self.drafts:
            change.supersede(draft)
        return self._kept(world, slate, rows)

    def _named(self) -> Iterator[str]:
        for draft in self.drafts:
            if draft.given_id:
                yield draft.row.id
            yield from draft.supersedes
        yield from (revision.id for revision in self.revisions)
        yield from (forgetting.id for forgetting in self.commit.forgettings)

    def _claim(self, world: World) -> Iterator[Need]:
        if (need := claim_of(self.commit)) is None:
            return
        yield need
        if world.knows(need) and (row := world.commit(need.tenant, need.idempotency_key)) is not None:
            yield span_of(row)

    def _repeat(self, world: World) -> MemoryMade | None:
        if (need := claim_of(self.commit)) is None:
            return None
        row = world.commit(need.tenant, need.idempotency_key)
        if row is None:
            return None
        if bytes(row.digest) != self.digest:
            raise IdempotencyMismatch(
                f"the idempotency key {self.commit.idempotency_key!r} was used for other memories: nothing was written;"
                " use a key of its own for each change"
            )
        return MemoryMade(row.last_seq, [row for row in world.found(span_of(row)) if row.asked], repeated=True)

    def _kept(self, world: World, slate: Slate, rows: Sequence[MemoryRow]) -> MemoryMade:
        first = world.sequence + 1
        last = slate.keep()
        if (need := claim_of(self.commit)) is not None:
            row = CommitRow(need.tenant, need.idempotency_key, self.digest, first, last, world.now)
            world.add_key(row)
            world.learn(span_of(row), [one.row for one in slate.written])
        return MemoryMade(last, rows, repeated=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """The changes of a commit on their way to the slate."""

    slate: Slate
    branch: str
    lineage: Sequence[BranchRow]
    embedder: str

    def draft(self, draft: PreparedDraft) -> MemoryRow:
        id_ = draft.row.id
        if draft.given_id and self.slate.visible(id_, branch=self.branch, lineage=self.lineage) is not None:
            raise Conflict(f"there is a memory {id_!r} already: leave the id out, or revise that one")
        row = self.slate.add(draft.row, before=None, event="created", action="add")
        self._keep_vector(row, draft.vector)
        return row

    def revise(self, revision: PreparedRevision) -> MemoryRow:
        before = self._expected(revision.id, revision.expect)
        columns = dict(revision.columns)
        if revision.body:
            columns["body"] = body_of(before.body)._replace(**revision.body).text()
        new_text = revision.text is not None and revision.text != before.text
        if new_text:
            columns |= {"text": revision.text, "stems": revision.stems, "text_seq": 0}
        row = before._replace(branch=self.branch, asked=True, **columns)
        _check_session(row)
        event, action = _meaning(before, row)
        row = self.slate.add(row, before=before, event=event, action=action)
        if new_text:
            self._keep_vector(row, revision.vector)
        return row

    def forget(self, forgetting: Forgetting) -> MemoryRow:
        before = self._expected(forgetting.id, forgetting.expect)
        if before.hold:
            raise Conflict(f"the memory {before.id!r} is held and cannot be forgotten: end the hold first")
        row = before._replace(
            branch=self.branch,
            asked=True,
            status=FORGOTTEN,
            text="",
            text_seq=0,
            stems="",
            speaker=None,
            entities=NO_LIST,
            tags=NO_LIST,
            body="{}",
            pinned=False,
        )
        return self.slate.add(row, before=before, event="erased", action="delete")

    def supersede(self, draft: PreparedDraft) -> None:
        """What is in review takes the place of others once it is accepted."""
        for id_ in draft.supersedes if draft.row.status == "active" else ():
            before = self.slate.present(id_, branch=self.branch, lineage=self.lineage)
            if before.status in (*_CURRENT, "superseded"):
                row = before._replace(branch=self.branch, asked=False, status="superseded", superseded_by=draft.row.id)
                self.slate.add(row, before=before, event="superseded", action="supersede")

    def _expected(self, id_: str, expect: int | str) -> MemoryRow:
        before = self.slate.present(id_, branch=self.branch, lineage=self.lineage)
        if expect not in ("any", before.version):
            raise VersionConflict(f"memory {id_} on branch {self.branch!r}", expected=expect, found=before.version)
        return before

    def _keep_vector(self, row: MemoryRow, vector: bytes | None) -> None:
        if vector is not None:
            self.slate.vectors.append(VectorRow(row.text_seq, self.embedder, vector))


def memory_command(
    commit: MemoryCommit, *, stems: Sequence[Sequence[str]], vectors: Sequence[bytes | None], embedder: str
) -> MemoryCommitCommand:
    """Return the command that makes a commit.

    Raises:
        BadRequest: it holds what not every database can keep, or stems or vectors are missing.
    """
    drafts, wanted = len(commit.drafts), len(commit.drafts) + len(commit.revisions)
    if len(stems) != wanted or len(vectors) != wanted:
        raise BadRequest(
            f"the commit has {wanted} drafts and revisions, and {len(stems)} stems and {len(vectors)} vectors were"
            " handed in: give one of each, empty or None where no text changes"
        )
    check_author(commit.author, commit.agent, commit.session, commit.idempotency_key)
    return MemoryCommitCommand(
        commit=commit,
        drafts=prepared_drafts(commit, stems=stems[:drafts], vectors=vectors[:drafts]),
        revisions=prepared_revisions(commit, stems=stems[drafts:], vectors=vectors[drafts:]),
        embedder=embedder,
        digest=commit_digest(commit) if commit.idempotency_key is not None else b"",
    )


def claim_of(commit: MemoryCommit) -> CommitNeed | None:
    """Return the idempotency key of a commit as it is stored; None where it has none."""
    return None if commit.idempotency_key is None else claim_key(commit.tenant, commit.idempotency_key)


def claim_key(tenant: str, key: str) -> CommitNeed:
    """Return an idempotency key as it is stored."""
    return CommitNeed(tenant, f"{_KEYS}{key}")


def span_of(row: CommitRow) -> MemorySpanNeed:
    """Return where the versions of a commit are."""
    return MemorySpanNeed(row.tenant, row.first_seq, row.last_seq)


def _meaning(before: MemoryRow, row: MemoryRow) -> tuple[str, Any]:
    """Return the event and the action of a revision."""
    if row.status == before.status:
        return "updated", "update"
    if row.status == "superseded":
        return "superseded", "supersede"
    if row.status == "abandoned":
        return "updated", "abandon"
    return "updated", "review" if before.status == "review" else "update"


def _check_session(row: MemoryRow) -> None:
    if row.kind == "working" and scope_of(row.scope).session is None:
        raise BadRequest(f"the memory {row.id!r} cannot become working memory: its scope {row.scope!r} has no session")
