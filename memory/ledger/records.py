"""Rows of `memory_events` about reads, and the events that injections are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.memories import MEMORY_EVENTS, MemoryRecord
from memory.ledger.drafts import check_texts
from memory.ledger.rows import RecordRow, list_text, stored
from memory.ledger.slate import add_record
from memory.state.rows import OutboxRow, json_text
from memory.state.world import Need, World


@dataclass(frozen=True, slots=True)
class Record:
    """Writes records."""

    records: Sequence[tuple[RecordRow, Sequence[str]]]
    alone: bool = False

    def needs(self, _world: World, /) -> Iterable[Need]:
        """See `Command.needs`."""
        return ()

    def plan(self, world: World) -> None:
        """See `Command.plan`."""
        for row, ids in self.records:
            timed = row._replace(at=row.at or world.now)
            kept = add_record(world, timed, ids)
            if kept.action == "inject":
                world.sequence += 1
                world.changes.events.append(_recalled(kept, ids, seq=world.sequence))


def record_command(records: Sequence[MemoryRecord]) -> Record:
    """Return the command that writes records.

    Raises:
        BadRequest: one holds what not every database can keep.
    """
    for record in records:
        texts = (record.actor, record.run, record.agent, record.session, record.query, *record.ids)
        check_texts(texts, what=f"the record of {record.action!r}")
    return Record([(_row(record), record.ids) for record in records])


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
