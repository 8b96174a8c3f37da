"""The interfaces of memory, with all their documentation. Implementations repeat none of this.

The ledger is the truth. Vector index and graph are projections of it: each says how far it has followed (`applied`),
can be dropped, and is rebuilt from the ledger while reads go on. What recall stands on beside the ledger is in
`contracts.recall_ports` and `contracts.projection_ports`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from contracts.memories import (
    Caller,
    Forgetting,
    Memory,
    MemoryCommit,
    MemoryCommitted,
    MemoryDraft,
    MemoryRecord,
    MemoryRevision,
)
from contracts.projection_ports import MemoryGraph as MemoryGraph
from contracts.projection_ports import PointKey as PointKey
from contracts.projection_ports import VectorIndex as VectorIndex
from contracts.projection_ports import VectorPoint as VectorPoint
from contracts.recall import MemoryListing, MemoryPage, MemoryQuery, Recollection
from contracts.recall_ports import Embedder as Embedder
from contracts.recall_ports import Extractor as Extractor
from contracts.recall_ports import MemoryCache as MemoryCache
from contracts.recall_ports import OutsideSource as OutsideSource
from contracts.relations import Path, Relation
from contracts.remembering import ContextRequest, Extraction, ExtractionRequest, MemoryContext


class View(NamedTuple):
    """What an index is of: one scope of a tenant on a branch, now or as of a sequence."""

    tenant: str
    branch: str
    scope: str
    as_of: int | None = None


class LedgerEntry(NamedTuple):
    """One memory as indexes need it: the latest version that the view sees.

    Attributes:
        live: whether it may be recalled: active, not expired, not forgotten. Otherwise it leaves the index.
        stems: of its text, in order, kept when it was written.
        vector: float32, little endian; None where it has none of the embedder that was asked for.
    """

    id: str
    sequence: int
    live: bool
    stems: tuple[str, ...]
    vector: bytes | None
    thread: str | None
    position: int | None
    speaker: str | None
    happened_at: int | None
    written_at: int
    expires_at: int | None
    importance: float
    pinned: bool
    entities: tuple[str, ...]


class Vector(NamedTuple):
    """The vector of one version of a memory: `sequence` names the version."""

    sequence: int
    vector: bytes


class MemoryLedger(Protocol):
    """The one truth of memories, in the database of state. It checks no rights: see `MemoryStore`.

    All its methods raise `BackendUnavailable` where the database does not answer. Times in entries are microseconds
    since 1970 (UTC).
    """

    async def commit(
        self, commit: MemoryCommit, *, stems: Sequence[Sequence[str]], vectors: Sequence[bytes | None], embedder: str
    ) -> MemoryCommitted:
        """Make all changes of a commit with their records and events, or none.

        A draft that supersedes others makes them `superseded`, in the same commit; one in review only names them.
        Versions, records (`memory_events`) and events (`MEMORY_EVENTS`, without texts) are written in one transaction.

        Args:
            commit: the changes.
            stems: of the text of each draft and then of each revision (empty where it changes no text).
            vectors: the same for vectors; None where the embedder was away.
            embedder: name and version of what made the vectors ("wordllama-256/0.4.0").

        Raises:
            VersionConflict: a memory has another version than was expected.
            IdempotencyMismatch: the key was used with another digest.
            NotFound: there is no such memory or branch.
            Conflict: a memory is held and cannot be forgotten, or an id that was given is taken.
        """
        ...

    async def claimed(self, key: str, *, tenant: str) -> MemoryCommitted | None:
        """Return what the commit with this idempotency key made; None where there was none."""
        ...

    async def get(
        self,
        ids: Sequence[str],
        *,
        tenant: str,
        branch: str,
        version: int | None = None,
        as_of: int | datetime | None = None,
    ) -> tuple[Memory, ...]:
        """Return the memories of these ids that are there, in the order of the ids; forgotten ones have no text."""
        ...

    async def history(self, id: str, *, tenant: str, branch: str) -> tuple[Memory, ...]:
        """Return all versions of a memory that the branch sees, the latest first; empty where there is none."""
        ...

    async def list(
        self, listing: MemoryListing, *, tenant: str, branch: str, scopes: Sequence[str] | None
    ) -> MemoryPage:
        """Return memories by filter. `scopes`: keys of the scopes that count; None is all.

        Raises:
            BadRequest: `after` cannot be used.
        """
        ...

    async def matching(
        self, listing: MemoryListing, *, tenant: str, branch: str, scopes: Sequence[str]
    ) -> frozenset[str]:
        """Return the ids of all memories that fit a filter (`limit`, `order` and `after` do not count)."""
        ...

    async def entries(self, view: View, *, after: int, embedder: str) -> tuple[Sequence[LedgerEntry], int]:
        """Return what changed in a view after a sequence, in order of sequences, and how far that reaches.

        With `after=0` only live ones. Grants count: a memory that is shared with a scope is an entry of its view, too.
        """
        ...

    async def moved(self, *, tenant: str) -> int:
        """Return the sequence of the last change of memories of a tenant (0: none yet). It is read often, so cheap."""
        ...

    async def heads(self, views: Sequence[View]) -> Sequence[int]:
        """Return for views of one tenant and branch up to where each has changed, or more than that; 0: not yet.

        It is one cheap read, however many views there are: what has not changed need not be asked for entries.
        """
        ...

    async def scopes(self, *, tenant: str) -> Sequence[str]:
        """Return the keys of all scopes in which a tenant has, or had, memories."""
        ...

    async def sequence_at(self, time: datetime) -> int:
        """Return the sequence of the last change up to a time, for `View.as_of`; 0 where there was none yet."""
        ...

    async def time_of(self, sequence: int) -> datetime:
        """Return when the last change up to a sequence was made; 1970 where there was none yet."""
        ...

    async def changes(
        self, *, after: int, limit: int, embedder: str
    ) -> tuple[Sequence[tuple[Memory, bytes | None]], int]:
        """Return changed memories of all tenants, each in its latest version, and how far that reaches."""
        ...

    async def store_vectors(self, vectors: Sequence[Vector], *, embedder: str) -> None:
        """Keep vectors that an embedder made later. Those that are there are replaced."""
        ...

    async def without_vector(self, *, embedder: str, after: int, limit: int) -> Sequence[tuple[int, str]]:
        """Return (sequence, text) of current memories that have no vector of an embedder, by sequence."""
        ...

    async def abandon(self, run: str, *, keep: Sequence[str], tenant: str, author: Any) -> int:
        """Make memories of other executions of a run `abandoned`, and return how many there were.

        What they superseded is active again.

        Args:
            run: workflow id.
            keep: Temporal's run ids whose memories stay.
            tenant: whose.
            author: `contracts.state.Author` that is written down.
        """
        ...

    async def record(self, records: Sequence[MemoryRecord]) -> None:
        """Write what was read: rows of `memory_events`; and events `recalled` for injections."""
        ...

    async def records(
        self, *, tenant: str, memory: str | None = None, run: str | None = None, limit: int = 100
    ) -> tuple[MemoryRecord, ...]:
        """Return rows of `memory_events`, the latest first."""
        ...

    async def counts(self, *, tenant: str, branch: str, scopes: Sequence[str] | None) -> dict[str, dict[str, int]]:
        """Return how many current memories there are, by "kind", "status" and "scope"."""
        ...


class MemoryStore(Protocol):
    """What people and runs work with: the ledger, its indexes, caches and rights.

    Each call has a caller. What a caller may not see is not there: reads leave it out, and changes raise `NotFound`, as
    for an id that nobody has.
    """

    async def add(
        self, caller: Caller, drafts: Sequence[MemoryDraft], *, idempotency_key: str | None = None
    ) -> tuple[Memory, ...]:
        """Write memories, all or none, and make them searchable before it returns.

        Raises:
            Forbidden: a draft's scope is not the caller's.
            IdempotencyMismatch: the key was used for other drafts.
        """
        ...

    async def get(
        self, caller: Caller, id: str, *, version: int | None = None, as_of: int | datetime | None = None
    ) -> Memory:
        """Return a memory. Raises `NotFound` where there is none for this caller."""
        ...

    async def search(self, caller: Caller, query: MemoryQuery) -> Recollection:
        """Return what fits a text best. An empty text gives the latest ones.

        Raises:
            BadRequest: a cursor cannot be used.
        """
        ...

    async def list(self, caller: Caller, listing: MemoryListing) -> MemoryPage:
        """Return memories by filter, without ranking."""
        ...

    async def edit(self, caller: Caller, revision: MemoryRevision, *, why: str | None = None) -> Memory:
        """Change a memory by compare-and-set. Raises `NotFound`, `VersionConflict`."""
        ...

    async def forget(self, caller: Caller, forgetting: Forgetting, *, why: str | None = None) -> None:
        """Forget a memory. Raises `NotFound`, `VersionConflict`, `Conflict` where it is held."""
        ...

    async def history(self, caller: Caller, id: str) -> tuple[Memory, ...]:
        """Return all versions, the latest first. Raises `NotFound`."""
        ...

    async def review(
        self, caller: Caller, id: str, *, decision: Literal["accept", "reject"], why: str | None = None
    ) -> Memory:
        """Decide on a memory that is in review: it becomes active (and supersedes what it names), or is forgotten."""
        ...

    async def mark(self, caller: Caller, id: str, *, useful: bool) -> None:
        """Say that a memory was of use, or was not. Raises `NotFound`."""
        ...

    async def drew(self, caller: Caller, ids: Sequence[str]) -> None:
        """Note that an answer drew on memories. What is not there for the caller is passed over."""
        ...

    async def forget_ranking(self, caller: Caller) -> int:
        """Forget all marks and draws of the caller's tenant, and return of how many memories there were some.

        Raises:
            Forbidden: the caller is no operator.
        """
        ...

    async def relations(self, caller: Caller, node: str, *, limit: int = 100) -> tuple[Relation, ...]:
        """Return the relations of a memory (its id) or an entity ("entity:NAME"), those that the caller sees."""
        ...

    async def relate(self, caller: Caller, relation: Relation) -> Relation:
        """Make a relation, or strengthen one that is there."""
        ...

    async def path(self, caller: Caller, start: str, end: str, *, depth: int = 4) -> Path | None:
        """Return how two nodes hang together; None where the caller sees no way."""
        ...

    async def warm(self, caller: Caller) -> None:
        """Load what the caller is going to search, so that the first search is as fast as the next."""
        ...

    async def reindex(self, *, only: Sequence[str] | None = None) -> dict[str, int]:
        """Drop projections and build them anew while reads go on; return how many rows each has.

        Args:
            only: some of "vectors" (also of another embedder), "qdrant", "graph"; None is all that there are.
        """
        ...

    async def stats(self, caller: Caller) -> dict[str, Any]:
        """Return counts by kind, status and scope, cache hits, and how far each projection follows."""
        ...


class ContextBuilder(Protocol):
    """Chooses what an agent is told."""

    async def build(self, request: ContextRequest) -> MemoryContext:
        """Return what is pinned, relevant and recent, without duplicates, within the budget, fenced as data.

        It raises nothing for a memory that is away: then the context is empty and says so.
        """
        ...


class Learner(Protocol):
    """Turns a conversation into memories, once."""

    async def learn(self, request: ExtractionRequest) -> Extraction:
        """Extract, compare with what is known (merge, supersede, review), and write.

        A repeat with the same key returns what the first call made.

        Raises:
            BackendUnavailable, ModelUnavailable: it may be tried again.
            ModelRefused: the model says no for good.
        """
        ...
