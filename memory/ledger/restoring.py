"""Versions of memories that come out of an archive: they keep their numbers, times and authors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from contracts.memories import Memory
from contracts.state import Author
from memory.ledger.drafts import check_texts, content_columns
from memory.ledger.rows import MemoryRow, RecordRow, VectorRow, joined, list_text, stored
from memory.ledger.slate import add_record, grant_rows, needs_of
from memory.state.world import LineageNeed, Need, World, check_open

# What the lock's holder fills in.
_UNPLACED: dict[str, Any] = {
    **dict.fromkeys(("seq", "changed_seq", "text_seq", "text_at", "stored_at"), 0),
    "until_seq": None,
    "asked": True,
}


class RestoredVersion(NamedTuple):
    """A version as a row that lacks its place in the order of changes, and the vectors of its text by embedder."""

    row: MemoryRow
    vectors: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """Writes versions that are not there yet. Its result is how many there were.

    Attributes:
        author: who restores, for the record.
    """

    tenant: str
    branch: str
    versions: Sequence[RestoredVersion]
    author: Author
    alone: bool = False

    def needs(self, world: World, /) -> Iterator[Need]:
        """See `Command.needs`."""
        lineage = world.lineage(self.tenant, self.branch)
        if lineage is None:
            yield LineageNeed(self.tenant, self.branch)
            return
        for id_ in dict.fromkeys(version.row.id for version in self.versions):
            yield from needs_of(self.tenant, self.branch, id_, lineage)

    def plan(self, world: World) -> int:
        """See `Command.plan`."""
        lineage = world.lineage(self.tenant, self.branch) or ()
        check_open(self.branch, lineage)
        written = _Written(first=world.sequence + 1)
        for version in self.versions:
            id_ = version.row.id
            before = written.latest.get(id_) or world.memory(needs_of(self.tenant, self.branch, id_, lineage))
            if before is None or before.version < version.row.version:
                written.add(version, before=before)
        written.keep(world)
        if written.rows:
            add_record(world, self._record(written, at=world.now), [row.id for row, _ in written.rows])
            world.changes.memory.heads[self.tenant] = world.sequence
        return len(written.rows)

    def _record(self, written: _Written, *, at: int) -> RecordRow:
        ids = list(written.latest)
        return RecordRow(
            seq=0,
            tenant=self.tenant,
            branch=self.branch,
            action="import",
            actor=self.author.actor,
            run=self.author.run,
            agent=None,
            session=None,
            query=None,
            ids=list_text(ids),
            number=len(ids),
            at=at,
        )


@dataclass(kw_only=True, slots=True)
class _Written:
    """Versions on their way to the world, which changes when all are there."""

    first: int
    rows: list[tuple[MemoryRow, MemoryRow | None]] = field(default_factory=list)
    vectors: list[VectorRow] = field(default_factory=list)
    latest: dict[str, MemoryRow] = field(default_factory=dict)

    def add(self, version: RestoredVersion, *, before: MemoryRow | None) -> None:
        """Write a version under the next sequence."""
        seq = self.first + len(self.rows)
        same_text = before is not None and before.text == version.row.text
        text_seq = before.text_seq if before is not None and same_text else seq
        text_at = before.text_at if before is not None and same_text else version.row.written_at
        row = version.row._replace(seq=seq, changed_seq=seq, text_seq=text_seq, text_at=text_at)
        self.rows.append((row, before))
        self.latest[row.id] = row
        self.vectors += [VectorRow(text_seq, embedder, vector) for embedder, vector in version.vectors.items()]

    def keep(self, world: World) -> None:
        """Give everything to the world."""
        changes = world.changes.memory
        for row, before in self.rows:
            world.add_memory(row._replace(stored_at=world.now), before=before)
            changes.grants += grant_rows(row)
        changes.keep_vectors(self.vectors)
        world.sequence += len(self.rows)


def restored_row(memory: Memory, *, tenant: str, branch: str, stems: Sequence[str]) -> MemoryRow:
    """Return a version as a row.

    Raises:
        BadRequest: it holds what not every database can keep.
    """
    _check(memory)
    return MemoryRow(
        **content_columns(memory),
        **_UNPLACED,
        tenant=tenant,
        branch=branch,
        id=memory.id,
        version=memory.version,
        superseded_by=memory.superseded_by,
        actor=memory.author.actor,
        run=memory.author.run,
        step=memory.author.step,
        why=memory.author.why,
        created_at=stored(memory.created_at) or 0,
        written_at=stored(memory.written_at) or 0,
        stems=joined(stems),
    )


def _check(memory: Memory) -> None:
    source, author = memory.source, memory.author
    texts = (memory.speaker, memory.doubt, source.thread, source.document, source.run, source.execution, memory.text)
    people = (author.actor, author.run, author.step, author.why)
    check_texts((*texts, *people, *memory.tags, *memory.entities), what=f"version {memory.version} of {memory.id!r}")
