"""Relations in the database of state: what was related by hand, and what follows from what memories say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import BadRequest, Conflict
from contracts.relations import DERIVED_KINDS, Path, Relation, RelationChange
from memory.relations import walking
from memory.relations.linking import Link
from memory.relations.strength import RelationKey, by_heat, faded, folded, heat, key_of, ordered, used
from memory.sql import relation_statements as sql
from memory.sql.database import Database, Statement
from memory.state.rows import microseconds, moment

_TRIES = 20
_MOST_STARTS = 500
_Known = Mapping[RelationKey, Relation]
_Become = Mapping[RelationKey, Relation | None]


class SqlMemoryGraph:
    """The graph of a database. It follows the ledger; others follow its `moves`.

    Args:
        database: where the ledger is, too; its owner is the caller.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def applied(self) -> int | None:
        """See `MemoryGraph.applied`."""
        return await self._database.read(_applied)

    async def apply(self, changes: Sequence[RelationChange], *, upto: int, after: int | None = None) -> bool:
        """See `MemoryGraph.apply`."""
        starts = [(change.relation.tenant, ordered(change.relation).start) for change in changes]

        def become(known: _Known, at: int) -> _Become:
            return folded(known, (change for change in changes if change.sequence > at))

        return await self._changed(starts, become, upto=upto, after=after)

    async def follow(self, links: Sequence[Link], *, upto: int, after: int | None = None) -> bool:
        """Make what follows from memories what it is now, and then move `applied`. A repeat changes nothing.

        Args:
            links: what memories say now, each memory once.
            upto: sequence of the ledger.
            after: see `MemoryGraph.apply`.

        Returns:
            Whether it was done.
        """
        starts = [(link.tenant, link.memory) for link in links]
        return await self._changed(starts, lambda known, _: _followed(known, links), upto=upto, after=after)

    async def relate(self, relation: Relation) -> Relation:
        """Make a relation, or strengthen one that is there.

        Raises:
            BadRequest: relations of that kind follow from what memories say.
        """
        if relation.kind in DERIVED_KINDS:
            raise BadRequest(f"relations of the kind {relation.kind!r} follow from memories: choose another word")
        use = ordered(relation).model_copy(update={"used_at": datetime.now(UTC), "uses": 1})
        for _ in range(_TRIES):
            row = await self._database.read(partial(_one, key=key_of(use)))
            after = used(None if row is None or row.ended else _relation(row), use)
            given = {**_given(after, ended=False, sequence=0), "p_moved": -1 if row is None else row.moved}
            if (await self._database.write([(sql.keep_unmoved(self._database.dialect), given)]))[0]:
                return after
        raise Conflict(f"others relate {relation.start!r} and {relation.end!r} all the time: try again")

    async def relations(
        self,
        node: str,
        *,
        tenant: str,
        scopes: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        limit: int = 100,
        now: datetime,
    ) -> tuple[Relation, ...]:
        """See `MemoryGraph.relations`."""
        found = await self._touching([node], tenant=tenant, scopes=scopes, kinds=kinds, most=limit)
        return tuple(relation.model_copy(update={"strength": faded(relation, now)}) for relation in found)

    async def neighbours(
        self,
        nodes: Sequence[str],
        *,
        tenant: str,
        scopes: Sequence[str] | None = None,
        without: Sequence[str] = (),
        depth: int = 1,
        limit: int = 100,
        now: datetime,
    ) -> Sequence[tuple[str, float]]:
        """See `MemoryGraph.neighbours`."""
        step = partial(self._touching, tenant=tenant, scopes=scopes, without=without)
        return await walking.neighbours(nodes, step=step, depth=depth, limit=limit, now=now)

    async def path(
        self,
        start: str,
        end: str,
        *,
        tenant: str,
        scopes: Sequence[str] | None = None,
        depth: int = 4,
        now: datetime,
    ) -> Path | None:
        """See `MemoryGraph.path`."""
        step = partial(self._touching, tenant=tenant, scopes=scopes)
        return await walking.path(start, end, step=step, depth=depth, now=now)

    async def count(self) -> int:
        """See `MemoryGraph.count`."""
        return int((await self._rows(sql.counted()))[0][0])

    async def drop(self) -> None:
        """See `MemoryGraph.drop`. Those who follow hear that the relations have ended."""
        await self._database.write([(sql.end_derived(), {}), (sql.begin_anew(), {})])

    async def begin_anew(self) -> None:
        """Follow the ledger from its beginning; what is there stays until then."""
        await self._database.write([(sql.begin_anew(), {})])

    async def sweep(self) -> None:
        """End what follows from memories that are not there any more."""
        await self._database.write([(sql.end_orphans(), {})])

    async def moves(self, *, after: int, limit: int) -> tuple[Sequence[RelationChange], int]:
        """Return how relations are that changed after a move, in order, and how far that reaches.

        The sequences of these changes are moves: the order in which this graph changed.
        """
        rows = await self._rows(sql.moves(after=after, limit=limit))
        changes = [
            RelationChange(relation=_relation(row), change="ended" if row.ended else "set", sequence=row.moved)
            for row in rows
        ]
        return changes, changes[-1].sequence if changes else after

    async def last_move(self) -> int:
        """Return the last move, 0 before the first."""
        return int((await self._rows(sql.last_move()))[0][0])

    async def close(self) -> None:
        """See `MemoryGraph.close`. The database is its owner's."""

    async def _changed(
        self,
        starts: Sequence[tuple[str, str]],
        become: Callable[[_Known, int], _Become],
        *,
        upto: int,
        after: int | None,
    ) -> bool:
        """Store what relations become, as seen from how they are, unless somebody else has done so."""
        for _ in range(_TRIES):
            at, known = await self._seen(starts)
            if max(at, 0) < (after or 0):
                return False
            if at >= upto or await self._stored(known, become(known, at), at=at, upto=upto):
                return True
        raise Conflict(f"others follow the ledger up to {upto} all the time: try again")

    async def _seen(self, starts: Sequence[tuple[str, str]]) -> tuple[int, _Known]:
        """Return how far the ledger was followed, and the relations that begin at nodes (tenant, node)."""
        nodes: dict[str, list[str]] = {}
        for tenant, node in dict.fromkeys(starts):
            nodes.setdefault(tenant, []).append(node)

        async def seen(connection: AsyncConnection) -> tuple[int, _Known]:
            at = await _applied(connection)
            rows = [row for tenant, names in nodes.items() for row in await _starting(connection, tenant, names)]
            known = {key_of(relation): relation for relation in map(_relation, rows)}
            return sql.NOTHING if at is None else at, known

        return await self._database.read(seen)

    async def _stored(self, known: _Known, after: Mapping[RelationKey, Relation | None], *, at: int, upto: int) -> bool:
        """Store what changed, if the ledger was followed up to `at` by now; say whether it was so."""
        given = [
            {**_given(relation or known[key], ended=relation is None, sequence=upto), "p_at": at}
            for key, relation in after.items()
            if relation != known.get(key)
        ]
        dialect = self._database.dialect
        statements: list[Statement] = [(sql.first_progress(dialect), {})]
        statements += [(sql.keep(dialect), given)] if given else []
        statements.append((sql.move_progress(), {"p_at": at, "p_upto": upto}))
        return bool((await self._database.write(statements))[-1])

    async def _touching(
        self,
        nodes: Sequence[str],
        *,
        tenant: str,
        scopes: Sequence[str] | None,
        kinds: Sequence[str] | None = None,
        without: Sequence[str] = (),
        most: int = walking.FAN,
    ) -> list[Relation]:
        asked = sql.touching(nodes, tenant=tenant, scopes=scopes, kinds=kinds, without=without, most=most)
        rows = await self._rows(asked)
        return by_heat(map(_relation, rows))

    async def _rows(self, statement: Any) -> list[Row[Any]]:
        async def found(connection: AsyncConnection) -> list[Row[Any]]:
            return list(await connection.execute(statement))

        return await self._database.read(found)


def _followed(known: _Known, links: Iterable[Link]) -> dict[RelationKey, Relation | None]:
    """Return what relations become: those of the links, and None for what the memories said before."""
    after: dict[RelationKey, Relation | None] = {key: None for key in known if key.kind in DERIVED_KINDS}
    after.update({key_of(relation): relation for link in links for relation in link.relations})
    return after


async def _applied(connection: AsyncConnection) -> int | None:
    at = (await connection.execute(sql.progress())).scalar()
    return None if at in (None, sql.NOTHING) else at


async def _starting(connection: AsyncConnection, tenant: str, nodes: Sequence[str]) -> list[Row[Any]]:
    found: list[Row[Any]] = []
    for first in range(0, len(nodes), _MOST_STARTS):
        found += await connection.execute(sql.starting(tenant, nodes[first : first + _MOST_STARTS]))
    return found


async def _one(connection: AsyncConnection, *, key: RelationKey) -> Row[Any] | None:
    row: Row[Any] | None = (await connection.execute(sql.one(key))).one_or_none()
    return row


def _given(relation: Relation, *, ended: bool, sequence: int) -> dict[str, Any]:
    assert relation.used_at is not None, "a relation that was made was used"
    values = relation.model_dump(exclude={"used_at"})
    values |= {"used_at": microseconds(relation.used_at), "heat": heat(relation), "seq": sequence, "ended": ended}
    return {f"p_{name}": value for name, value in values.items()}


def _relation(row: Row[Any]) -> Relation:
    # Made of rows that were checked when they were written.
    return Relation.model_construct(
        **{name: getattr(row, name) for name in Relation.model_fields if name != "used_at"}, used_at=moment(row.used_at)
    )
