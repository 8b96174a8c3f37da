"""What a command is about to write of memories: versions, records and events. The world changes when all is on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.errors import NotFound
from contracts.memories import MEMORY_EVENTS
from contracts.state import Author
from memory.ledger.changes import MemoryNeed
from memory.ledger.rows import GrantRow, MemoryRow, RecordRow, VectorRow, body_of, list_text, scope_of
from memory.state.rows import BranchRow, OutboxRow, json_text
from memory.state.world import LATEST, World, levels

FORGOTTEN = "forgotten"


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A version, and the one that was visible until it. `event` and `action` say what kind of change it is."""

    row: MemoryRow
    before: MemoryRow | None
    event: str
    action: str


@dataclass(kw_only=True, slots=True)
class Slate:
    """Versions that are going to be written, each seen by what comes after it on the same slate.

    Attributes:
        agent: for the record.
        session: for the record.
    """

    world: World
    tenant: str
    author: Author
    agent: str | None = None
    session: str | None = None
    written: list[Written] = field(default_factory=list)
    vectors: list[VectorRow] = field(default_factory=list)
    _latest: dict[tuple[str, str], MemoryRow] = field(default_factory=dict)

    def visible(self, id_: str, *, branch: str, lineage: Sequence[BranchRow]) -> MemoryRow | None:
        """Return the current version of a memory on a branch, a forgotten one too."""
        if (row := self._latest.get((branch, id_))) is not None:
            return row
        return self.world.memory(needs_of(self.tenant, branch, id_, lineage))

    def present(self, id_: str, *, branch: str, lineage: Sequence[BranchRow]) -> MemoryRow:
        """Return the current version of a memory that is not forgotten.

        Raises:
            NotFound: there is none.
        """
        row = self.visible(id_, branch=branch, lineage=lineage)
        if row is None or row.status == FORGOTTEN:
            raise NotFound(f"there is no memory {id_!r}: look for it with a search or a list")
        return row

    @property
    def next_seq(self) -> int:
        """The sequence that the next version gets."""
        return self.world.sequence + len(self.written) + 1

    def add(self, row: MemoryRow, *, before: MemoryRow | None, event: str, action: str) -> MemoryRow:
        """Write a version: its place in the order, its number and its author are filled in.

        Returns:
            The row as it will be stored.
        """
        seq, now, author = self.next_seq, self.world.now, self.author
        row = row._replace(
            seq=seq,
            changed_seq=seq,
            text_seq=row.text_seq or seq,
            text_at=row.text_at if row.text_seq else now,
            version=1 if before is None else before.version + 1,
            until_seq=None,
            created_at=now if before is None else before.created_at,
            written_at=now,
            stored_at=now,
            actor=author.actor,
            run=author.run,
            step=author.step,
            why=author.why,
        )
        self.written.append(Written(row=row, before=before, event=event, action=action))
        self._latest[row.branch, row.id] = row
        return row

    def keep(self) -> int:
        """Give everything to the world, with records and events, and return the last sequence."""
        changes = self.world.changes.memory
        if not self.written:
            return self.world.sequence
        for one in self.written:
            self.world.add_memory(one.row, before=one.before)
            changes.grants += grant_rows(one.row)
        changes.keep_vectors(self.vectors)
        self.world.sequence += len(self.written)
        for one in self.written:
            self.world.sequence += 1
            self.world.changes.events.append(_event(one, seq=self.world.sequence, author=self.author))
        self._record()
        changes.heads[self.tenant] = self.world.sequence
        return self.world.sequence

    def _record(self) -> None:
        actions: dict[tuple[str, str], list[str]] = {}
        for one in self.written:
            actions.setdefault((one.row.branch, one.action), []).append(one.row.id)
        for (branch, action), ids in actions.items():
            record = RecordRow(
                seq=0,
                tenant=self.tenant,
                branch=branch,
                action=action,
                actor=self.author.actor,
                run=self.author.run,
                agent=self.agent,
                session=self.session,
                query=None,
                ids=list_text(ids),
                number=len(ids),
                at=self.world.now,
            )
            add_record(self.world, record, ids)


def add_record(world: World, record: RecordRow, ids: Sequence[str]) -> RecordRow:
    """Store a record under the next sequence, so that it is found by each of its memories."""
    world.sequence += 1
    record = record._replace(seq=world.sequence)
    world.changes.memory.records.append(record)
    world.changes.memory.record_ids += [(record.tenant, id_, record.seq) for id_ in dict.fromkeys(ids)]
    return record


def needs_of(tenant: str, branch: str, id_: str, lineage: Sequence[BranchRow]) -> list[MemoryNeed]:
    """Return where a memory is looked for: the first row that is there counts."""
    return [MemoryNeed(tenant, name, id_, seen) for name, seen in levels(branch, lineage, limit=LATEST)]


def grant_rows(row: MemoryRow) -> list[GrantRow]:
    """Return the grants of a version, one a scope: the one that lasts longest."""
    if '"grants":' not in row.body:
        return []
    until: dict[str, int | None] = {}
    for scope, end in body_of(row.body).grants:
        before = until.get(scope, end)
        until[scope] = None if end is None or before is None else max(before, end)
    return [GrantRow(row.seq, scope, row.tenant, row.id, end) for scope, end in until.items()]


def _event(written: Written, *, seq: int, author: Author) -> OutboxRow:
    row = written.row
    data = {
        "id": row.id,
        "scope": scope_of(row.scope).model_dump(exclude_none=True),
        "kind": row.kind,
        "status": row.status,
        "version": row.version,
        "run": author.run or row.source_run,
    }
    return OutboxRow(
        seq=seq,
        tenant=row.tenant,
        id=f"{row.id}.{row.version}",
        source=f"/memory/{row.branch}",
        type=MEMORY_EVENTS[written.event],
        subject=row.id,
        data=json_text(data),
        time=row.written_at,
    )
