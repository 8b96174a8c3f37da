"""Rows of `memory_events` about reads, and the events that injections are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contracts.memories import MEMORY_EVENTS, MemoryRecord
from memory.ledger.drafts import check_texts
from memory.ledger.rows import RecordRow, list_text, stored
from memory.ledger.slate import add_record
from memory.state.rows import CommitRow, OutboxRow, json_text
from memory.state.world import CommitNeed, Need, World

# Keys of records are apart from those of commits, which stand in the same table.
_KEYS = "record/"


class Told(NamedTuple):
    """A row to be written; where it has a claim, once."""

    row: RecordRow
    ids: Sequence[str]
    claim: CommitNeed | None


@dataclass(frozen=True, slots=True)
class Record:
    """Writes records."""

    records: Sequence[Told]
    alone: bool = False

    def needs(self, _world: World, /) -> Iterator[Need]:
        """See `Command.needs`."""
        return (told.claim for told in self.records if told.claim is not None)

    def plan(self, world: World) -> None:
        """See `Command.plan`."""
        for row, ids, claim in self.records:
            if claim is not None and world.commit(claim.tenant, claim.idempotency_key) is not None:
                continue
            timed = row._replace(at=row.at or world.now)
            kept = add_record(world, timed, ids)
            if kept.action == "inject":
                world.sequence += 1
                world.changes.events.append(_recalled(kept, ids, seq=world.sequence))
            if claim is not None:
                world.add_key(CommitRow(*claim, b"", kept.seq, world.sequence, world.now))


def record_command(records: Sequence[MemoryRecord]) -> Record:
    """Return the command that writes records.

    Raises:
        BadRequest: one holds what not every database can keep.
    """
    for record in records:
        texts = (record.actor, record.run, record.agent, record.session, record.query, record.key, *record.ids)
        check_texts(texts, what=f"the record of {record.action!r}")
    return Record([Told(_row(record), record.ids, _claim(record)) for record in records])


def _claim(record: MemoryRecord) -> CommitNeed | None:
    if record.key is None:
        return None
    # Who chooses anew may choose others: that is another row.
    told = "\n".join((record.action, record.key, *record.ids))
    return CommitNeed(record.tenant, f"{_KEYS}{hashlib.sha256(told.encode()).hexdigest()}")


def _row(record: MemoryRecord) -> RecordRow:
    return RecordRow(
        seq=0,
        tenant=record.tenant,
        branch=record.branch,
        action=record.action,
        actor=record.actor,
        run=record.run,
        agent=record.agent,
        session=record.session,
        query=record.query,
        ids=list_text(record.ids),
        number=record.count,
        at=stored(record.at) or 0,
    )


def _recalled(record: RecordRow, ids: Sequence[str], *, seq: int) -> OutboxRow:
    data = {"ids": list(ids), "run": record.run, "agent": record.agent, "session": record.session}
    return OutboxRow(
        seq=seq,
        tenant=record.tenant,
        id=f"recalled.{record.seq}",
        source=f"/memory/{record.branch}",
        type=MEMORY_EVENTS["recalled"],
        subject=record.run,
        data=json_text(data),
        time=record.at,
    )
