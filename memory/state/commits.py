"""A commit: compare-and-set, merge patch, rules, fences and idempotency keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from contracts.errors import BadRequest, IdempotencyMismatch, LeaseLost, NotFound, VersionConflict
from contracts.state import RULES_NAMESPACE, Author, Commit, Emitted, Fence, Write, checked_value
from memory.state import rules
from memory.state.patches import merged
from memory.state.rows import BranchRow, CommitRow, OutboxRow, Version, json_text, microseconds
from memory.state.world import (
    CommitNeed,
    LeaseNeed,
    LineageNeed,
    Need,
    RowNeed,
    World,
    check_open,
    rows_of,
    span_of,
)


class Made(NamedTuple):
    """What a commit made: its rows, its last sequence, and whether an earlier call had made it."""

    sequence: int
    rows: tuple[Version, ...]
    repeated: bool


class Planned(NamedTuple):
    """A row that is to be written, and the one that was visible until now."""

    row: Version
    before: Version | None


@dataclass(frozen=True, slots=True)
class CommitCommand:
    """Makes a commit. Built by `commit_command`, outside of the lock, where texts and digest are made.

    Attributes:
        texts: the JSON text of each `put`, "" for other writes.
        digest: of the content, where there is an idempotency key.
    """

    commit: Commit
    texts: tuple[str, ...]
    digest: bytes
    alone: bool = False

    def needs(self, world: World) -> Iterator[Need]:
        """See `Command.needs`."""
        commit = self.commit
        yield from claim_needs(world, commit)
        lineage = world.lineage(commit.tenant, commit.branch)
        if lineage is None:
            yield LineageNeed(commit.tenant, commit.branch)
            return
        for write in commit.writes:
            yield from self._rows(world, write)
            if write.kind == "restore":
                yield from self._rows(world, write, version=write.to)
            yield from rules_needs(commit.tenant, commit.branch, write.namespace, lineage)

    def plan(self, world: World) -> Made:
        """See `Command.plan`."""
        commit = self.commit
        if (repeated := repeat(world, commit, self.digest)) is not None:
            return repeated
        check_open(commit.branch, self._lineage(world))
        if commit.fence is not None:
            check_fence(world, commit.tenant, commit.fence)
        writes = [
            self._version(world, write, seq=world.sequence + number, text=text)
            for number, (write, text) in enumerate(zip(commit.writes, self.texts, strict=True), 1)
        ]
        return kept(world, commit, writes, digest=self.digest)

    def _rows(self, world: World, write: Write, version: int | None = None) -> list[RowNeed]:
        place = (self.commit.tenant, self.commit.branch, write.namespace, write.key)
        return rows_of(place, self._lineage(world), version=version)

    def _lineage(self, world: World) -> Sequence[BranchRow]:
        return world.lineage(self.commit.tenant, self.commit.branch) or ()

    def _version(self, world: World, write: Write, *, seq: int, text: str) -> Planned:
        commit = self.commit
        before = world.row(self._rows(world, write))
        _check_expected(write, before, branch=commit.branch)
        value, gone = self._value(world, write, before, text=text)
        transition = rules.checked(
            world.row(rules_needs(commit.tenant, commit.branch, write.namespace, self._lineage(world))),
            rules.Step(
                place=place_text(write.namespace, write.key, commit.branch),
                namespace=write.namespace,
                before=None if before is None or before.gone else before.value,
                after=None if gone else value,
                leap=write.kind == "restore",
            ),
        )
        row = version_row(world, commit, before, seq=seq, at=(commit.branch, write.namespace, write.key), value=value)
        return Planned(
            row._replace(gone=gone, transition=transition, restores=write.to if write.kind == "restore" else None),
            before,
        )

    def _value(self, world: World, write: Write, before: Version | None, *, text: str) -> tuple[str, bool]:
        if write.kind == "put":
            return text, False
        if write.kind == "delete":
            return "null", True
        if write.kind == "patch":
            return _patched(write, before), False
        old = world.row(self._rows(world, write, version=write.to))
        if old is None:
            raise NotFound(f"{place_text(write.namespace, write.key, self.commit.branch)} has no version {write.to}")
        return old.value, bool(old.gone)


def commit_command(commit: Commit) -> CommitCommand:
    """Return the command that makes a commit.

    Raises:
        BadRequest: a document occurs twice, or a version to restore is not named.
    """
    places = [(write.namespace, write.key) for write in commit.writes]
    for place in places:
        if len(places) > 1 and places.count(place) > 1:
            raise BadRequest(f"the commit writes {'/'.join(place)} twice: make one change of both")
    for write in commit.writes:
        if write.kind == "restore" and write.to is None:
            raise BadRequest(f"restoring {write.namespace}/{write.key} needs `to`, the version to bring back")
    return CommitCommand(
        commit=commit,
        texts=tuple(json_text(write.value) if write.kind == "put" else "" for write in commit.writes),
        digest=content_digest(commit),
    )


def content_digest(commit: Commit, **more: Any) -> bytes:
    """Return the digest of what a commit changes. Author and fence may differ when it is tried again."""
    if commit.idempotency_key is None:
        return b""
    writes = [[w.kind, w.namespace, w.key, w.value, w.to, w.expect] for w in commit.writes]
    events = [event.model_dump(mode="json") for event in commit.events]
    content = [commit.tenant, commit.branch, writes, events, more]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()


def claim_needs(world: World, commit: Commit) -> Iterator[Need]:
    """Say what must be known of a commit's idempotency key and fence."""
    if (key := commit.idempotency_key) is not None:
        need = CommitNeed(commit.tenant, key)
        yield need
        if world.knows(need) and (row := world.commit(commit.tenant, key)) is not None:
            yield span_of(row)
    if commit.fence is not None:
        yield LeaseNeed(commit.tenant, commit.fence.name)


def repeat(world: World, commit: Commit, digest: bytes) -> Made | None:
    """Return what an earlier call with the same idempotency key made, None if there was none.

    Raises:
        IdempotencyMismatch: the key was used with another content.
    """
    if commit.idempotency_key is None:
        return None
    row = world.commit(commit.tenant, commit.idempotency_key)
    if row is None:
        return None
    if bytes(row.digest) != digest:
        raise IdempotencyMismatch(
            f"the idempotency key {commit.idempotency_key!r} was used for another change: nothing was written; use"
            " a key of its own for each change"
        )
    return Made(row.last_seq, world.span(row), repeated=True)


def check_fence(world: World, tenant: str, fence: Fence) -> None:
    """Refuse a token that does not hold.

    Raises:
        LeaseLost: the lease has ended, or somebody else has it.
    """
    row = world.lease(tenant, fence.name)
    if row is None:
        raise LeaseLost(fence.name, token=fence.token, why="there is no such lease")
    if row.token != fence.token:
        raise LeaseLost(fence.name, token=fence.token, why=f"the token is {row.token} by now")
    if row.expires_at <= world.now:
        raise LeaseLost(fence.name, token=fence.token, why="it has ended")


def rules_needs(tenant: str, branch: str, namespace: str, lineage: Sequence[BranchRow]) -> list[RowNeed]:
    """Say where the rules of a namespace are on a branch. Those of the rules themselves are not data."""
    if namespace == RULES_NAMESPACE:
        return []
    return rows_of((tenant, branch, RULES_NAMESPACE, namespace), lineage)


def version_row(
    world: World, commit: Commit, before: Version | None, *, seq: int, at: tuple[str, str, str], value: str
) -> Version:
    """Return the next version of a document.

    Args:
        world: gives the time.
        commit: gives tenant and author.
        before: the version that is visible now.
        seq: its sequence.
        at: branch, namespace and key.
        value: JSON text.
    """
    author: Author = commit.author
    return Version(
        seq=seq,
        tenant=commit.tenant,
        branch=at[0],
        namespace=at[1],
        key=at[2],
        version=1 if before is None else before.version + 1,
        value=value,
        gone=False,
        until_seq=None,
        restores=None,
        transition=None,
        actor=author.actor,
        run=author.run,
        step=author.step,
        why=author.why,
        written_at=world.now,
    )


def kept(world: World, commit: Commit, writes: Sequence[Planned], *, digest: bytes) -> Made:
    """Store rows and events of a commit, and its idempotency key."""
    first = world.sequence + 1
    rows = tuple(planned.row for planned in writes)
    world.changes.events += [
        _outbox_row(event, commit.tenant, seq=number, now=world.now)
        for number, event in enumerate(commit.events, first + len(rows))
    ]
    for planned in writes:
        world.add_version(planned.row, before=planned.before)
    world.sequence += len(rows) + len(commit.events)
    if commit.idempotency_key is not None:
        row = CommitRow(commit.tenant, commit.idempotency_key, digest, first, world.sequence, world.now)
        world.add_commit(row, rows)
    return Made(world.sequence, rows, repeated=False)


def place_text(namespace: str, key: str, branch: str) -> str:
    """Return how errors name a document."""
    return f"{namespace}/{key} on branch {branch!r}"


def _check_expected(write: Write, before: Version | None, *, branch: str) -> None:
    there = before is not None and not before.gone
    if write.expect == "any" or (write.expect == "absent" and not there):
        return
    if before is not None and write.expect in (before.version, before.restores):
        return
    found = before.version if before is not None and there else None
    raise VersionConflict(place_text(write.namespace, write.key, branch), expected=write.expect, found=found)


def _patched(write: Write, before: Version | None) -> str:
    old = {} if before is None or before.gone else json.loads(before.value)
    try:
        return json_text(checked_value(merged(old, write.value)))
    except ValueError as error:
        raise BadRequest(f"{write.namespace}/{write.key} cannot be patched: {error}") from error


def _outbox_row(event: Emitted, tenant: str, *, seq: int, now: int) -> OutboxRow:
    time = now if event.time is None else microseconds(event.time)
    return OutboxRow(seq, tenant, event.id, event.source, event.type, event.subject, json_text(event.data), time)
