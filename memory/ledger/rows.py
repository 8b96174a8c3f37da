"""Rows of memory as plain tuples, in the order of their columns, and what they say as contracts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from contracts.memories import Grant, Memory, MemoryRecord, MemoryScope, MemorySource
from contracts.state import Author
from memory.state.rows import json_text, microseconds, moment

NO_LIST = "[]"
_NO_SCOPE = MemoryScope()


class MemoryRow(NamedTuple):
    """A row of `memories`."""

    seq: int
    tenant: str
    branch: str
    id: str
    version: int
    until_seq: int | None
    changed_seq: int
    text_seq: int
    scope: str
    kind: str
    status: str
    asked: bool
    speaker: str | None
    importance: float
    pinned: bool
    hold: bool
    thread: str | None
    position: int | None
    document: str | None
    source_run: str | None
    execution: str | None
    turn: int | None
    happened_at: int | None
    valid_from: int | None
    valid_until: int | None
    expires_at: int | None
    superseded_by: str | None
    actor: str
    run: str | None
    step: str | None
    why: str | None
    created_at: int
    text_at: int
    written_at: int
    stored_at: int
    entities: str
    tags: str
    stems: str
    body: str
    text: str


class VectorRow(NamedTuple):
    """A row of `memory_vectors`; `seq` is the `text_seq` of memories."""

    seq: int
    embedder: str
    vector: bytes


class GrantRow(NamedTuple):
    """A row of `memory_grants`."""

    seq: int
    scope: str
    tenant: str
    id: str
    until: int | None


class RecordRow(NamedTuple):
    """A row of `memory_events`."""

    seq: int
    tenant: str
    branch: str
    action: str
    actor: str
    run: str | None
    agent: str | None
    session: str | None
    query: str | None
    ids: str
    number: int
    at: int


class Body(NamedTuple):
    """What nobody looks for by an index, kept as one JSON text."""

    doubt: str | None = None
    supersedes: Sequence[str] = ()
    messages: Sequence[int] = ()
    grants: Sequence[tuple[str, int | None]] = ()
    metadata: dict[str, Any] | None = None

    def text(self) -> str:
        """Return it as it is stored: what is empty is left out."""
        return json_text({name: value for name, value in zip(self._fields, self, strict=True) if value})


def body_of(text: str) -> Body:
    """Return a stored body."""
    return Body() if text == "{}" else Body(**json.loads(text))


def joined(words: Sequence[str]) -> str:
    """Return stems as they are stored."""
    return "\n".join(words)


def words(text: str) -> tuple[str, ...]:
    """Return stored stems."""
    return tuple(text.split("\n")) if text else ()


def listed(text: str) -> tuple[str, ...]:
    """Return a stored list of texts."""
    return () if text == NO_LIST else tuple(json.loads(text))


def list_text(texts: Sequence[str]) -> str:
    """Return a list of texts as it is stored."""
    return json_text(list(texts)) if texts else NO_LIST


def stored(time: datetime | None) -> int | None:
    """Return a time as it is stored.

    Raises:
        BadRequest: it has no zone.
    """
    return None if time is None else microseconds(time)


def scope_of(key: str) -> MemoryScope:
    """Return the scope of a key."""
    if not key:
        return _NO_SCOPE
    return MemoryScope.model_construct(**dict(part.split("=", 1) for part in key.split("&")))  # type: ignore[arg-type]


def grants_of(body: Body) -> tuple[Grant, ...]:
    """Return the grants of a body."""
    return tuple(Grant.model_construct(scope=scope_of(scope), until=_time(until)) for scope, until in body.grants)


def memory_of(row: MemoryRow, *, branch: str | None = None) -> Memory:
    """Return what a row says.

    Args:
        row: the row.
        branch: the branch that it was read on, where that is not the one that it was written on.
    """
    body = body_of(row.body)
    # Rows hold what was checked when it was written: checking it again would take most of the time of a read.
    return Memory.model_construct(
        id=row.id,
        tenant=row.tenant,
        branch=branch or row.branch,
        scope=scope_of(row.scope),
        kind=row.kind,  # type: ignore[arg-type]
        text=row.text,
        speaker=row.speaker,
        tags=listed(row.tags),
        entities=listed(row.entities),
        importance=row.importance,
        pinned=bool(row.pinned),
        status=row.status,  # type: ignore[arg-type]
        doubt=body.doubt,
        supersedes=tuple(body.supersedes),
        superseded_by=row.superseded_by,
        happened_at=_time(row.happened_at),
        valid_from=_time(row.valid_from),
        valid_until=_time(row.valid_until),
        expires_at=_time(row.expires_at),
        hold=bool(row.hold),
        grants=grants_of(body),
        source=_source(row, body),
        metadata=body.metadata or {},
        version=row.version,
        sequence=row.seq,
        created_at=moment(row.created_at),
        written_at=moment(row.written_at),
        author=Author.model_construct(actor=row.actor, run=row.run, step=row.step, why=row.why),
    )


def _source(row: MemoryRow, body: Body) -> MemorySource:
    return MemorySource.model_construct(
        run=row.source_run,
        execution=row.execution,
        turn=row.turn,
        messages=tuple(body.messages),
        thread=row.thread,
        position=row.position,
        document=row.document,
    )


def record_of(row: RecordRow) -> MemoryRecord:
    """Return what a row of `memory_events` says."""
    return MemoryRecord(
        action=row.action,  # type: ignore[arg-type]
        tenant=row.tenant,
        branch=row.branch,
        actor=row.actor,
        run=row.run,
        agent=row.agent,
        session=row.session,
        query=row.query,
        ids=listed(row.ids),
        count=row.number,
        at=moment(row.at),
    )


def _time(at: int | None) -> datetime | None:
    return None if at is None else moment(at)
