"""What a batch of commands knows of the database, and what it changes there.

A command says what it needs to know; the writer of a database loads it, under the lock; then the command is planned in
pure Python, and what it changes is seen by the commands behind it. So SQLite and PostgreSQL differ only in how they
take the lock, load and store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

from contracts.errors import BadRequest, NotFound
from contracts.state import MAIN
from memory.ledger.changes import AnyMemoryNeed, MemoryChanges, MemoryNeed, RunMemoriesNeed
from memory.ledger.rows import MemoryRow
from memory.state.rows import BranchRow, CommitRow, LeaseRow, OutboxRow, Version

# Higher than every sequence: "as it is now".
LATEST = 2**62

T_co = TypeVar("T_co", covariant=True)


class RowNeed(NamedTuple):
    """The latest row of a document on one branch up to a sequence (and of that version); a `Version` or None."""

    tenant: str
    branch: str
    namespace: str
    key: str
    limit: int
    version: int | None


class LineageNeed(NamedTuple):
    """A branch and its forefathers, itself first; a list of `BranchRow`, empty where there is no such branch."""

    tenant: str
    name: str


class ChildrenNeed(NamedTuple):
    """Names of the branches that were forked from one and are not dropped."""

    tenant: str
    name: str


class WrittenNeed(NamedTuple):
    """The current rows that were written on a branch itself; a list of `Version`."""

    tenant: str
    branch: str


class CommitNeed(NamedTuple):
    """An idempotency key; a `CommitRow` or None."""

    tenant: str
    idempotency_key: str


class SpanNeed(NamedTuple):
    """The rows with sequences from first to last; a list of `Version`."""

    tenant: str
    first: int
    last: int


class LeaseNeed(NamedTuple):
    """A lease; a `LeaseRow` or None."""

    tenant: str
    lease: str


# What makes commands need more, where it is there.
_LEADING_ON = frozenset({LineageNeed, WrittenNeed, CommitNeed, RunMemoriesNeed})
# Tuples of different kinds with equal fields are equal, so what is known is kept by kind.
Need = RowNeed | LineageNeed | ChildrenNeed | WrittenNeed | CommitNeed | SpanNeed | LeaseNeed | AnyMemoryNeed


@dataclass(slots=True)
class Changes:
    """What is to be stored. The order of the fields is an order in which it can be stored.

    Attributes:
        forgotten: (tenant, branch) whose rows are deleted.
        closed: (until_seq, seq) of rows that are there and are superseded now.
    """

    forgotten: list[tuple[str, str]] = field(default_factory=list)
    branches: dict[tuple[str, str], BranchRow] = field(default_factory=dict)
    leases: dict[tuple[str, str], LeaseRow] = field(default_factory=dict)
    closed: list[tuple[int, int]] = field(default_factory=list)
    versions: dict[int, Version] = field(default_factory=dict)
    events: list[OutboxRow] = field(default_factory=list)
    commits: list[CommitRow] = field(default_factory=list)
    memory: MemoryChanges = field(default_factory=MemoryChanges)

    def __bool__(self) -> bool:
        kinds = (self.versions, self.memory, self.events, self.commits, self.leases, self.branches, self.forgotten)
        return any(map(bool, kinds))


class World:
    """A batch under the lock.

    Args:
        sequence: the last sequence that was given.
        now: time of the batch, in microseconds; never earlier than the batch before.

    Attributes:
        grows: whether something was loaded since `unmet` asked last because of which commands may need more.
    """

    def __init__(self, *, sequence: int, now: int) -> None:
        self.began_at = sequence
        self.sequence = sequence
        self.now = now
        self.changes = Changes()
        self.grows = True
        self._known: dict[type[Need], dict[Need, Any]] = {}

    def knows(self, need: Need) -> bool:
        """Whether this was loaded."""
        return need in self._known.get(type(need), ())

    def learn(self, need: Need, found: Any) -> None:
        """Keep what was loaded, or what a command changed."""
        self._known.setdefault(type(need), {})[need] = found
        if found and type(need) in _LEADING_ON:
            self.grows = True

    def lineage(self, tenant: str, name: str) -> Sequence[BranchRow] | None:
        """Return a branch and its forefathers but `main`; None where it is not loaded yet.

        Raises:
            NotFound: there is no such branch, or it was dropped.
        """
        if name == MAIN:
            return ()
        found: Sequence[BranchRow] | None = self._known.get(LineageNeed, {}).get(LineageNeed(tenant, name))
        if found is not None:
            check_lineage(name, found)
        return found

    def branch(self, tenant: str, name: str) -> BranchRow | None:
        """Return a branch, which may have been dropped."""
        found: Sequence[BranchRow] = self._known[LineageNeed][LineageNeed(tenant, name)]
        return found[0] if found else None

    def row(self, needs: Iterable[RowNeed]) -> Version | None:
        """Return the first row that is there."""
        known = self._known[RowNeed]
        return next((row for need in needs if (row := known[need]) is not None), None)

    def commit(self, tenant: str, key: str) -> CommitRow | None:
        """Return who used this idempotency key."""
        found: CommitRow | None = self._known[CommitNeed][CommitNeed(tenant, key)]
        return found

    def span(self, row: CommitRow) -> tuple[Version, ...]:
        """Return the rows that a commit made."""
        return tuple(self._known[SpanNeed][span_of(row)])

    def lease(self, tenant: str, name: str) -> LeaseRow | None:
        """Return a lease, which may have ended."""
        found: LeaseRow | None = self._known[LeaseNeed][LeaseNeed(tenant, name)]
        return found

    def written(self, tenant: str, branch: str) -> Sequence[Version]:
        """Return what was written on a branch."""
        found: Sequence[Version] = self._known[WrittenNeed][WrittenNeed(tenant, branch)]
        return found

    def children(self, tenant: str, branch: str) -> Sequence[str]:
        """Return the branches that were forked from one."""
        found: Sequence[str] = self._known[ChildrenNeed][ChildrenNeed(tenant, branch)]
        return found

    def found(self, need: AnyMemoryNeed) -> Any:
        """Return what was loaded of memories."""
        return self._known[type(need)][need]

    def memory(self, needs: Iterable[MemoryNeed]) -> MemoryRow | None:
        """Return the first row of a memory that is there."""
        known = self._known[MemoryNeed]
        return next((row for need in needs if (row := known[need]) is not None), None)

    def add_memory(self, row: MemoryRow, *, before: MemoryRow | None) -> None:
        """Store a version of a memory. `before` is the one that was visible until now, perhaps on a forefather."""
        if before is not None and before.branch == row.branch:
            self.changes.memory.close(before.seq, until=row.seq)
        self.changes.memory.rows[row.seq] = row
        self.learn(MemoryNeed(row.tenant, row.branch, row.id, LATEST), row)

    def add_version(self, row: Version, *, before: Version | None) -> None:
        """Store a version. `before` is the one that was visible until now, perhaps on a forefather."""
        if before is not None and before.branch == row.branch:
            self._close(before.seq, until=row.seq)
        self.changes.versions[row.seq] = row
        self.learn(RowNeed(row.tenant, row.branch, row.namespace, row.key, LATEST, None), row)

    def _close(self, seq: int, *, until: int) -> None:
        if (pending := self.changes.versions.get(seq)) is not None:
            self.changes.versions[seq] = pending._replace(until_seq=until)
        else:
            self.changes.closed.append((until, seq))

    def add_commit(self, row: CommitRow, versions: Sequence[Version]) -> None:
        """Remember an idempotency key."""
        self.add_key(row)
        self.learn(span_of(row), versions)

    def add_key(self, row: CommitRow) -> None:
        """Remember an idempotency key, whatever it was used for."""
        self.changes.commits.append(row)
        self.learn(CommitNeed(row.tenant, row.key), row)

    def add_lease(self, row: LeaseRow) -> None:
        """Store a lease."""
        self.changes.leases[row.tenant, row.name] = row
        self.learn(LeaseNeed(row.tenant, row.name), row)

    def add_branch(self, row: BranchRow) -> None:
        """Store a branch. Only commands that are alone in their batch do so."""
        self.changes.branches[row.tenant, row.name] = row


class Command(Protocol[T_co]):
    """Something to be done under the lock, and all or nothing of it."""

    @property
    def alone(self) -> bool:
        """Whether it needs a batch of its own: it changes what the needs of others depend on."""
        ...

    def needs(self, world: World, /) -> Iterable[Need]:
        """Say what must be known. Asked again when that is loaded, until nothing new is named.

        Raises:
            PerdureError: it cannot be done.
        """
        ...

    def plan(self, world: World) -> T_co:
        """Change the world, and return what is told to the caller. Nothing is changed where it raises.

        Raises:
            PerdureError: it cannot be done.
        """
        ...


def span_of(row: CommitRow) -> SpanNeed:
    """Return where the rows of a commit are."""
    return SpanNeed(row.tenant, row.first_seq, row.last_seq)


def check_lineage(name: str, lineage: Sequence[BranchRow]) -> None:
    """Refuse a branch that is not there.

    Raises:
        NotFound: there is no such branch, or it was dropped.
    """
    check_there(name, lineage[0].state if lineage else None)


def check_there(name: str, state: str | None) -> None:
    """Refuse a branch by its state, None for no row.

    Raises:
        NotFound: there is no such branch, or it was dropped.
    """
    if state is None:
        raise NotFound(f"there is no branch {name!r}: fork it first")
    if state == "dropped":
        raise NotFound(f"the branch {name!r} was dropped: fork another one")


def check_open(name: str, lineage: Sequence[BranchRow]) -> None:
    """Refuse writes to a branch that is over.

    Raises:
        BadRequest: it was merged or kept.
    """
    if lineage and lineage[0].state != "open":
        raise BadRequest(f"the branch {name!r} was {lineage[0].state} and takes no more writes: fork another one")


def levels(branch: str, lineage: Sequence[BranchRow], *, limit: int = LATEST) -> list[tuple[str, int]]:
    """Return the branches that are read, the nearest first, each with the last sequence that is seen of it."""
    found = [(branch, limit)]
    for row in lineage:
        limit = min(limit, row.fork_seq)
        found.append((row.parent, limit))
    return found


def rows_of(
    place: tuple[str, str, str, str],
    lineage: Sequence[BranchRow],
    *,
    limit: int = LATEST,
    version: int | None = None,
) -> list[RowNeed]:
    """Return where a document is looked for: the first row that is there counts.

    Args:
        place: tenant, branch, namespace and key.
        lineage: of the branch.
        limit: the highest sequence.
        version: only this version.
    """
    tenant, branch, namespace, key = place
    return [RowNeed(tenant, name, namespace, key, seen, version) for name, seen in levels(branch, lineage, limit=limit)]
