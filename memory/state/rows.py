"""Rows of the state store as plain tuples, in the order of their columns, and what they say as contracts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from contracts.errors import BadRequest
from contracts.state import Author, Branch, Document, Lease, Place

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
BranchState = Literal["open", "merged", "kept", "dropped"]


class Version(NamedTuple):
    """A row of `versions`."""

    seq: int
    tenant: str
    branch: str
    namespace: str
    key: str
    version: int
    value: str
    gone: bool
    until_seq: int | None
    restores: int | None
    transition: str | None
    actor: str
    run: str | None
    step: str | None
    why: str | None
    written_at: int


class BranchRow(NamedTuple):
    """A row of `branches`."""

    tenant: str
    name: str
    parent: str
    fork_seq: int
    depth: int
    state: BranchState
    forked_at: int


class CommitRow(NamedTuple):
    """A row of `commits`."""

    tenant: str
    key: str
    digest: bytes
    first_seq: int
    last_seq: int
    written_at: int


class LeaseRow(NamedTuple):
    """A row of `leases`."""

    tenant: str
    name: str
    token: int
    holder: str
    expires_at: int


class OutboxRow(NamedTuple):
    """A row of `outbox`."""

    seq: int
    tenant: str
    id: str
    source: str
    type: str
    subject: str | None
    data: str
    time: int


def json_text(value: Any) -> str:
    """Return a JSON value as it is stored."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def json_value(text: str) -> Any:
    """Return the value of a stored text."""
    return json.loads(text)


def microseconds(moment: datetime) -> int:
    """Return a time as it is stored.

    Raises:
        BadRequest: it has no zone.
    """
    if moment.tzinfo is None:
        raise BadRequest(f"the time {moment.isoformat()} has no zone: say which one it is meant in")
    return (moment - EPOCH) // _MICROSECOND


def moment(stored: int) -> datetime:
    """Return a stored time."""
    return EPOCH + timedelta(microseconds=stored)


def document(row: Version, *, branch: str | None = None) -> Document:
    """Return what a row says.

    Args:
        row: the row.
        branch: the branch that it was read on, where that is not the one that it was written on.
    """
    # Rows hold what was checked when it was written: checking it again would take most of the time of a read.
    return Document.model_construct(
        place=Place.model_construct(
            namespace=row.namespace, key=row.key, branch=branch or row.branch, tenant=row.tenant
        ),
        value=None if row.gone else json_value(row.value),
        version=row.version,
        sequence=row.seq,
        gone=bool(row.gone),
        restores=row.restores,
        author=Author.model_construct(actor=row.actor, run=row.run, step=row.step, why=row.why),
        written_at=moment(row.written_at),
    )


def branch(row: BranchRow) -> Branch:
    """Return what a row says."""
    return Branch(
        name=row.name,
        tenant=row.tenant,
        parent=row.parent,
        fork_sequence=row.fork_seq,
        depth=row.depth,
        state=row.state,
    )


def lease(row: LeaseRow) -> Lease:
    """Return what a row says."""
    return Lease(
        name=row.name, tenant=row.tenant, token=row.token, holder=row.holder, expires_at=moment(row.expires_at)
    )
