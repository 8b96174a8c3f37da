"""The central store of state, on any database that has a `Database`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from contracts.errors import BadRequest
from contracts.ports import StateCache, WakeUps
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
    checked_name,
)
from memory.sql.database import Database
from memory.sql.pruning import prune
from memory.sql.queries import read_page
from memory.sql.reading import (
    present,
    read_branches,
    read_document,
    read_history,
    read_past,
    read_sequence,
    read_snapshot,
)
from memory.sql.watching import Watched, read_changes, watched
from memory.state.branches import Drop, Fork, Keep
from memory.state.commits import Made, commit_command
from memory.state.leases import Acquire, Release, Renew, microseconds_of
from memory.state.merges import merge_command, merged
from memory.state.rows import branch as branch_of
from memory.state.rows import document, microseconds
from memory.state.rows import lease as lease_of

# How long a change stays unseen where its wake-up was lost.
_SWEEP = timedelta(seconds=1)
# An idempotency key is remembered at least so long, whatever is pruned: whoever tries again has done so by then.
_REMEMBERED = timedelta(days=1)


class SqlStateStore:
    """Keeps state in a database.

    Args:
        database: keeps everything.
        wake_ups: wake those who watch.
        cache: answers plain reads; None asks the database each time.
        sweep: how often those who watch look by themselves.
    """

    def __init__(
        self, database: Database, *, wake_ups: WakeUps, cache: StateCache | None = None, sweep: timedelta = _SWEEP
    ) -> None:
        self._database = database
        self._wake_ups = wake_ups
        self._cache = cache
        self._sweep = sweep

    async def get(
        self, place: Place, *, version: int | None = None, as_of: int | datetime | None = None, fresh: bool = False
    ) -> Document | None:
        """See `StateStore.get`."""
        if version is not None or as_of is not None:
            return await self._database.read(
                lambda connection: read_past(connection, place, version=version, as_of=as_of)
            )
        if self._cache is not None and not fresh:
            hit, kept = await self._cache.get(place)
            if hit:
                return present(kept)
        found = await self._database.read(lambda connection: read_document(connection, place))
        if self._cache is not None:
            await self._cache.keep(place, found)
        return present(found)

    async def snapshot(self, places: Sequence[Place], *, as_of: int | datetime | None = None) -> Snapshot:
        """See `StateStore.snapshot`."""
        return await self._database.read(lambda connection: read_snapshot(connection, places, as_of=as_of))

    async def commit(self, commit: Commit) -> Committed:
        """See `StateStore.commit`."""
        return await self._committed(await self._database.submit(commit_command(commit)))

    async def history(self, place: Place, *, limit: int = 100, before: int | None = None) -> tuple[Document, ...]:
        """See `StateStore.history`."""
        rows = await self._database.read(lambda connection: read_history(connection, place, limit=limit, before=before))
        return tuple(document(row, branch=place.branch) for row in rows)

    async def query(self, query: Query) -> Page:
        """See `StateStore.query`."""
        return await self._database.read(lambda connection: read_page(connection, query, self._database.dialect))

    def watch(
        self, pattern: str, *, since: int | None = None, branch: str = MAIN, tenant: str = DEFAULT_TENANT
    ) -> AsyncIterator[Change]:
        """See `StateStore.watch`."""
        return self._changes(watched(pattern, branch=branch, tenant=tenant), since=since)

    async def sequence(self) -> int:
        """See `StateStore.sequence`."""
        return await self._database.read(read_sequence)

    async def acquire(self, name: str, *, holder: str, ttl: timedelta, tenant: str = DEFAULT_TENANT) -> Lease | None:
        """See `StateStore.acquire`."""
        row = await self._database.submit(
            Acquire(tenant=tenant, name=name, holder=holder, ttl=microseconds_of(ttl, name=name))
        )
        return None if row is None else lease_of(row)

    async def renew(self, lease: Lease, *, ttl: timedelta) -> Lease:
        """See `StateStore.renew`."""
        ttl_microseconds = microseconds_of(ttl, name=lease.name)
        return lease_of(await self._database.submit(Renew(lease=lease, ttl=ttl_microseconds)))

    async def release(self, lease: Lease) -> None:
        """See `StateStore.release`."""
        await self._database.submit(Release(lease=lease))

    async def fork(
        self, name: str, *, parent: str = MAIN, at: int | None = None, tenant: str = DEFAULT_TENANT
    ) -> Branch:
        """See `StateStore.fork`."""
        try:
            checked_name(name)
        except ValueError as error:
            raise BadRequest(f"the branch cannot be named so: {error}") from error
        return branch_of(await self._database.submit(Fork(tenant=tenant, name=name, parent=parent, at=at)))

    async def branches(self, *, tenant: str = DEFAULT_TENANT) -> tuple[Branch, ...]:
        """See `StateStore.branches`."""
        rows = await self._database.read(lambda connection: read_branches(connection, tenant))
        return (Branch(name=MAIN, tenant=tenant), *map(branch_of, rows))

    async def merge(
        self, branch: str, *, commit: Commit, prefer: Mapping[tuple[str, str], str] | str | None = None
    ) -> Merged:
        """See `StateStore.merge`."""
        command = merge_command(commit.model_copy(update={"branch": branch}), prefer=prefer)
        found = await self._database.submit(command)
        return merged(found, None if found.made is None else await self._committed(found.made))

    async def keep(self, branch: str, *, tenant: str = DEFAULT_TENANT) -> Branch:
        """See `StateStore.keep`."""
        return branch_of(await self._database.submit(Keep(tenant=tenant, name=branch)))

    async def drop(self, branch: str, *, tenant: str = DEFAULT_TENANT) -> None:
        """See `StateStore.drop`."""
        await self._database.submit(Drop(tenant=tenant, name=branch))

    async def prune(self, *, before: datetime, keep_versions: int = 1, tenant: str = DEFAULT_TENANT) -> int:
        """See `StateStore.prune`."""
        moment = microseconds(before)
        remembered = min(moment, microseconds(datetime.now(UTC) - _REMEMBERED))
        return await prune(
            self._database, tenant=tenant, before=moment, keep=max(keep_versions, 1), remembered=remembered
        )

    async def _committed(self, made: Made) -> Committed:
        documents = tuple(map(document, made.rows))
        if self._cache is not None and not made.repeated:
            for written in documents:
                await self._cache.keep(written.place, written)
        # Made of rows that were checked when they were written: see `document`.
        return Committed.model_construct(sequence=made.sequence, documents=documents, repeated=made.repeated)

    async def _changes(self, what: Watched, *, since: int | None) -> AsyncIterator[Change]:
        after = await self.sequence() if since is None else max(since, 0)
        late = False
        while True:
            seen = await self._database.read(lambda connection: read_changes(connection, what, after=after))  # noqa: B023 - awaited at once
            for found in seen.documents:
                yield Change(document=found, late=late)
            after = seen.upto
            late = not seen.more and await self._misses(beyond=after)

    async def _misses(self, *, beyond: int) -> bool:
        """Wait until there is something to read, or it is time to look. True where nobody woke us."""
        try:
            await self._wake_ups.wait(beyond=beyond, within=self._sweep)
        except TimeoutError:
            return True
        return False
