"""The central store of state, on any database that has a `Database`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import BadRequest, NotFound
from contracts.ports import StateCache, WakeUps
from contracts.state import Commit, Committed, Document, Place, Snapshot
from memory.sql.database import Database
from memory.sql.reading import read_lineage, read_row, read_sequence, read_sequence_at
from memory.state.commits import Made, commit_command
from memory.state.rows import Version, document, microseconds
from memory.state.world import LATEST, rows_of


class SqlStateStore:
    """Keeps state in a database.

    Args:
        database: keeps everything.
        wake_ups: wake those who watch.
        cache: answers plain reads; None asks the database each time.
    """

    def __init__(self, database: Database, *, wake_ups: WakeUps, cache: StateCache | None = None) -> None:
        self._database = database
        self._wake_ups = wake_ups
        self._cache = cache

    async def get(
        self, place: Place, *, version: int | None = None, as_of: int | datetime | None = None, fresh: bool = False
    ) -> Document | None:
        """See `StateStore.get`."""
        if version is not None or as_of is not None:
            return await self._get_past(place, version=version, as_of=as_of)
        if self._cache is not None and not fresh:
            hit, kept = await self._cache.get(place)
            if hit:
                return None if kept is None or kept.gone else kept
        row = await self._database.read(lambda connection: _row(connection, place))
        found = None if row is None else document(row, branch=place.branch)
        if self._cache is not None:
            await self._cache.keep(place, found)
        return None if found is None or found.gone else found

    async def snapshot(self, places: Sequence[Place], *, as_of: int | datetime | None = None) -> Snapshot:
        """See `StateStore.snapshot`."""
        if len({place.tenant for place in places}) > 1:
            raise BadRequest(f"the places belong to several tenants ({', '.join({place.tenant for place in places})})")

        async def read(connection: AsyncConnection) -> Snapshot:
            limit = await _limit(connection, as_of)
            sequence = await read_sequence(connection) if limit is None else limit
            rows = [await _row(connection, place, limit=sequence) for place in places]
            return Snapshot(sequence=sequence, documents=tuple(map(_present, rows, places)))

        return await self._database.read(read)

    async def commit(self, commit: Commit) -> Committed:
        """See `StateStore.commit`."""
        made = await self._database.submit(commit_command(commit))
        return await self._committed(made)

    async def _committed(self, made: Made) -> Committed:
        documents = tuple(document(row) for row in made.rows)
        if self._cache is not None and not made.repeated:
            for written in documents:
                await self._cache.keep(written.place, written)
        return Committed.model_construct(sequence=made.sequence, documents=documents, repeated=made.repeated)

    async def _get_past(self, place: Place, *, version: int | None, as_of: int | datetime | None) -> Document | None:
        async def read(connection: AsyncConnection) -> Version | None:
            return await _row(connection, place, limit=await _limit(connection, as_of), version=version)

        row = await self._database.read(read)
        if version is None:
            return _present(row, place)
        if row is None:
            raise NotFound(f"{place.namespace}/{place.key} on branch {place.branch!r} has no version {version}")
        return document(row, branch=place.branch)


def _present(row: Version | None, place: Place) -> Document | None:
    return None if row is None or row.gone else document(row, branch=place.branch)


async def _limit(connection: AsyncConnection, as_of: int | datetime | None) -> int | None:
    if isinstance(as_of, datetime):
        return await read_sequence_at(connection, microseconds(as_of))
    return as_of


async def _row(
    connection: AsyncConnection, place: Place, *, limit: int | None = None, version: int | None = None
) -> Version | None:
    lineage = await read_lineage(connection, place.tenant, place.branch)
    at = (place.tenant, place.branch, place.namespace, place.key)
    return await read_row(connection, rows_of(at, lineage, limit=LATEST if limit is None else limit, version=version))
