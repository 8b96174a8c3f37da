"""The interfaces behind which every driver stands: state, context, events. Implementations repeat none of this.

Those of conversations are in `contracts.conversation_ports`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from contracts.events import DeadLetter, Delivery, Event, Wait
from contracts.state import (
    DEFAULT_TENANT,
    MAIN,
    Branch,
    Change,
    Commit,
    Committed,
    Document,
    Lease,
    Merged,
    Page,
    Place,
    Query,
    Snapshot,
)


class StateStore(Protocol):
    """The one versioned store that branches read. All its methods raise `BackendUnavailable` where it does not answer.

    Order: every change has a `sequence`; whoever has seen a sequence has seen all changes before it.
    """

    async def get(
        self, place: Place, *, version: int | None = None, as_of: int | datetime | None = None, fresh: bool = False
    ) -> Document | None:
        """Return the current document (or one version of it, or as it was); None where it is not there or is deleted.

        Args:
            place: where it is.
            version: this version, deleted ones included (`gone`).
            as_of: as it was at this sequence or time (with a zone).
            fresh: read the database. Otherwise a cache may answer, which is stale by a bounded time at most.

        Raises:
            NotFound: there is no such branch or version.
        """
        ...

    async def snapshot(self, places: Sequence[Place], *, as_of: int | datetime | None = None) -> Snapshot:
        """Return several documents of one tenant as they are at one moment, from the database, with its sequence.

        Raises:
            NotFound: there is no such branch.
            BadRequest: the places belong to several tenants.
        """
        ...

    async def commit(self, commit: Commit) -> Committed:
        """Make all changes of a commit, or none.

        Raises:
            VersionConflict: a document has another version than was expected.
            IdempotencyMismatch: the key was used with another content.
            SchemaViolation, IllegalTransition: the rules of the namespace say no.
            LeaseLost: the fence does not hold.
            NotFound: there is no such branch (or no such version to restore).
            BadRequest: a field is wrong, a document occurs twice, the branch takes no writes.
        """
        ...

    async def history(self, place: Place, *, limit: int = 100, before: int | None = None) -> tuple[Document, ...]:
        """Return versions, the latest first, on a branch those of its parents up to the fork included.

        Args:
            place: where the document is.
            limit: how many at most.
            before: only versions lower than this.
        """
        ...

    async def query(self, query: Query) -> Page:
        """Return current documents of a namespace by filter, in order, page by page; from the database.

        Raises:
            BadRequest: a filter or `after` cannot be used.
        """
        ...

    def watch(
        self,
        pattern: str,
        *,
        since: int | None = None,
        branch: str = MAIN,
        tenant: str = DEFAULT_TENANT,
    ) -> AsyncIterator[Change]:
        """Yield every change, in order and without loss, until the iterator is closed.

        On a branch the changes of its parents up to the fork come first. Versions that were pruned are not seen again;
        the current version of each document is always there.

        Args:
            pattern: "namespace/key" with * for any text, such as "tickets/*" or "*".
            since: only changes with a higher sequence; None means: from now on; 0: from the beginning.
            branch: name of the branch.
            tenant: whose documents.
        """
        ...

    async def sequence(self) -> int:
        """Return the sequence of the last change or event of all tenants."""
        ...

    async def acquire(self, name: str, *, holder: str, ttl: timedelta, tenant: str = DEFAULT_TENANT) -> Lease | None:
        """Take a lease, or return None where somebody else has it. The same holder gets his own again, prolonged."""
        ...

    async def renew(self, lease: Lease, *, ttl: timedelta) -> Lease:
        """Prolong a lease, from now.

        Raises:
            LeaseLost: it has ended, or somebody else has it.
        """
        ...

    async def release(self, lease: Lease) -> None:
        """End a lease at once. One that is over already is passed over."""
        ...

    async def fork(
        self, name: str, *, parent: str = MAIN, at: int | None = None, tenant: str = DEFAULT_TENANT
    ) -> Branch:
        """Make a branch that reads its parent as of a sequence (by default now). A repeat changes nothing.

        Raises:
            Conflict: there is another branch of that name.
            NotFound: there is no such parent.
            BadRequest: branches are nested deeper than 8, or the sequence lies in the future.
        """
        ...

    async def branches(self, *, tenant: str = DEFAULT_TENANT) -> tuple[Branch, ...]:
        """Return all branches of a tenant but dropped ones, `main` first."""
        ...

    async def merge(
        self, branch: str, *, commit: Commit, prefer: Mapping[tuple[str, str], str] | str | None = None
    ) -> Merged:
        """Write what a branch changed into its parent, all or nothing; with undecided conflicts nothing is written.

        Args:
            branch: the branch; it takes no more writes afterwards.
            commit: author, tenant and idempotency key of the change; writes and events must be empty.
            prefer: "ours" (the parent's) or "theirs" (the branch's) for all conflicts, or by (namespace, key).
        """
        ...

    async def keep(self, branch: str, *, tenant: str = DEFAULT_TENANT) -> Branch:
        """Close a branch and keep it readable."""
        ...

    async def drop(self, branch: str, *, tenant: str = DEFAULT_TENANT) -> None:
        """Forget a branch and what was written on it.

        Raises:
            Conflict: another branch was forked from it.
        """
        ...

    async def prune(self, *, before: datetime, keep_versions: int = 1, tenant: str = DEFAULT_TENANT) -> int:
        """Delete superseded versions written before a time, but the last `keep_versions` of each document.

        What a living branch still reads stays.

        Returns:
            How many versions were deleted.
        """
        ...


class ContextStore(Protocol):
    """What an agent of a team keeps between runs: one JSON object for each tenant, team, agent and scope."""

    async def store(self, agent: str, value: Mapping[str, Any], *, commit: Commit) -> Document:
        """Replace an agent's context.

        Args:
            agent: path of the agent, such as "support/triage", or "support/triage/user/ada".
            value: a JSON object.
            commit: author, tenant, branch and idempotency key; writes and events must be empty.
        """
        ...

    async def update(self, agent: str, patch: Mapping[str, Any], *, commit: Commit) -> Document:
        """Merge into an agent's context (JSON Merge Patch)."""
        ...

    async def retrieve(self, agent: str, *, tenant: str = DEFAULT_TENANT, branch: str = MAIN) -> Mapping[str, Any]:
        """Return an agent's context; {} where there is none."""
        ...


class WakeUps(Protocol):
    """Hints that something was committed. They may be lost or come twice; the sequence decides."""

    async def announce(self, sequence: int) -> None:
        """Tell everybody, other processes included, that this sequence is there. Never raises for a lost connection."""
        ...

    async def wait(self, *, beyond: int, within: timedelta) -> int | None:
        """Return as soon as a sequence higher than `beyond` was announced (None where only "something" is known).

        Raises:
            TimeoutError: nothing was heard for that time.
        """
        ...


class StateCache(Protocol):
    """Current documents in front of the database. Losing it loses nothing; no method raises for a lost connection."""

    async def get(self, place: Place) -> tuple[bool, Document | None]:
        """Return whether something is kept for the place, and what (None: it is known not to be there)."""
        ...

    async def keep(self, place: Place, document: Document | None) -> None:
        """Keep what was read or written. An older sequence never replaces a later one."""
        ...


class EventLog(Protocol):
    """Events, deliveries, waits, starts and dead letters in the database. Raises `BackendUnavailable`.

    Events come from two sources in one order: those of commits (`Commit.events`), and every change of state.
    """

    async def events(
        self, *, after: int, limit: int, types: Sequence[str] | None = None, tenant: str | None = None
    ) -> tuple[Event, ...]:
        """Return events with a higher sequence, in order. `types` (with "*" at an end) leaves others out."""
        ...

    async def cursor(self) -> int:
        """Return the sequence up to which events were routed."""
        ...

    async def route(self, deliveries: Sequence[Delivery], *, after: int, cursor: int) -> bool:
        """Keep deliveries and move the cursor, in one transaction.

        Args:
            deliveries: their `id` is ignored.
            after: the cursor that they were made from; where it has moved since, another relay has routed these
                events, nothing is written and False is returned.
            cursor: the new cursor.
        """
        ...

    async def due(self, *, limit: int, now: datetime, worker: str, hold: timedelta) -> tuple[Delivery, ...]:
        """Take deliveries that are due: of each target's lane only the oldest. They are held for the time given."""
        ...

    async def delivered(self, delivery: Delivery, *, started: str | None = None, remember_until: datetime) -> None:
        """End a delivery. `started` is the workflow id that it started, which `started_by` remembers."""
        ...

    async def failed(self, delivery: Delivery, *, error: str, retry_at: datetime | None, counts: bool = True) -> None:
        """Try a delivery again at that time; None makes it a dead letter, and its lane goes on.

        Args:
            delivery: as `due` gave it; one that has ended meanwhile is passed over.
            error: what went wrong.
            retry_at: when.
            counts: whether it is one of its attempts; not so where a server was away.
        """
        ...

    async def pending(self, *, tenant: str | None = None) -> int:
        """Return how many deliveries have not ended; of all tenants where none is named."""
        ...

    async def started_by(self, tenant: str, trigger: str, source: str, event_id: str) -> str | None:
        """Return the workflow id that this event started by this trigger, as long as it is remembered."""
        ...

    async def dead_letters(self, *, limit: int = 100, tenant: str = DEFAULT_TENANT) -> tuple[DeadLetter, ...]:
        """Return what was given up, the latest first."""
        ...

    async def replay(self, delivery_id: int, *, tenant: str = DEFAULT_TENANT) -> None:
        """Make a dead letter due again, with all its attempts.

        Raises:
            NotFound: there is no such dead letter.
        """
        ...

    async def register(self, wait: Wait) -> int:
        """Keep a wait and return the sequence at that moment. A repeat changes nothing and returns the same.

        A wait for an event that says `after` gets a delivery of type `perdure.wait.opened`, if there is anything
        between that and the moment: who delivers it looks back.
        """
        ...

    async def wait(self, wait_id: str) -> Wait | None:
        """Return a wait; None where it is not there."""
        ...

    async def unregister(self, wait_id: str) -> None:
        """Forget a wait and its deliveries. One that is not there is passed over."""
        ...

    async def waits(
        self, tenant: str, *, documents: Sequence[tuple[str, str, str]] = (), types: Sequence[str] = ()
    ) -> tuple[Wait, ...]:
        """Return waits for one of these (branch, namespace, key), and waits for one of these event types.

        Waits whose type is a pattern ("invoice.*") are returned where any type is asked for.
        """
        ...

    async def prune(self, *, before: datetime) -> int:
        """Forget events of commits that were routed and kept before that time, and starts whose time is over.

        Returns:
            How many events were forgotten.
        """
        ...


class DeliveryBus(Protocol):
    """How the relay tells workers that deliveries are due. Hints only: the event log is the truth."""

    async def tell(self, lanes: Sequence[str]) -> None:
        """Say that there is something due in these lanes. Never raises for a lost connection."""
        ...

    async def wait(self, *, within: timedelta) -> None:
        """Return once something was told, or after the time."""
        ...
