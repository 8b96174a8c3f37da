"""Relations in Neo4j: a projection of those in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from neo4j import AsyncManagedTransaction

from contracts.relations import Path, Relation, RelationChange
from memory.neo4j_connection import Neo4jConnection, rows
from memory.relations import walking
from memory.relations.strength import RelationKey, by_heat, faded, folded, heat, key_of, ordered
from memory.state.rows import microseconds, moment

# What ids are joined with; no name holds it.
_JOINT = "\x1f"
_DROP_SECONDS = 600.0


class Neo4jMemoryGraph:
    """A graph on a server.

    Args:
        connection: to the server; closed with the graph.
        space: what is ours there; two databases on one server need two.
    """

    def __init__(self, connection: Neo4jConnection, *, space: str = "perdure") -> None:
        self._connection = connection
        self._space = space
        self._prepared = False
        self._preparing = asyncio.Lock()

    async def applied(self) -> int | None:
        """See `MemoryGraph.applied`."""
        found = await self._connection.read(partial(rows, name="progress", space=self._space))
        if not found or found[0]["sequence"] is None:
            self._prepared = False  # It may be another server than before, without our constraints.
            return None
        return int(found[0]["sequence"])

    async def apply(self, changes: Sequence[RelationChange], *, upto: int, after: int | None = None) -> bool:
        """See `MemoryGraph.apply`."""
        await self._prepare()
        return await self._connection.write(partial(self._apply, changes=changes, upto=upto, after=after))

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
        return int((await self._connection.read(partial(rows, name="count", space=self._space)))[0]["many"])

    async def drop(self) -> None:
        """See `MemoryGraph.drop`. It says that it is empty before it is, so one that is interrupted is begun anew."""
        await self._connection.run("drop_progress", space=self._space)
        await self._connection.run("drop_nodes", space=self._space, seconds=_DROP_SECONDS)

    async def close(self) -> None:
        """See `MemoryGraph.close`."""
        await self._connection.close()

    async def _prepare(self) -> None:
        async with self._preparing:
            if not self._prepared:
                for name in ("unique_nodes", "unique_relations", "unique_progress", "nodes_by_space"):
                    await self._connection.run(name)
                self._prepared = True

    async def _apply(
        self, transaction: AsyncManagedTransaction, *, changes: Sequence[RelationChange], upto: int, after: int | None
    ) -> bool:
        (begun,) = await rows(transaction, "begin", space=self._space)
        if begun["sequence"] < (after or 0):
            return False
        new = [change for change in changes if change.sequence > begun["sequence"]]
        known = await rows(transaction, "known", ids=sorted({self._id(_key(change)) for change in new}))
        relations = map(_relation, (row["r"] for row in known))
        become = folded({key_of(relation): relation for relation in relations}, new)
        await rows(transaction, "keep", space=self._space, rows=[*self._kept(become)])
        await rows(transaction, "end", ids=[self._id(key) for key, relation in become.items() if relation is None])
        await rows(transaction, "move", space=self._space, upto=upto)
        return True

    def _kept(self, after: Mapping[RelationKey, Relation | None]) -> Iterable[dict[str, Any]]:
        for key, relation in after.items():
            if relation is not None:
                ends = {
                    f"{name}_id": self._node(key.tenant, node)
                    for name, node in (("start", key.start), ("end", key.end))
                }
                yield {**ends, "id": self._id(key), "values": _values(relation)}

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
        given: dict[str, Any] = {
            "ids": [self._node(tenant, node) for node in nodes],
            "scopes": None if scopes is None else list(scopes),
            "kinds": None if kinds is None else list(kinds),
            "without": list(without),
        }
        found = await self._connection.read(partial(rows, name="touching", most=most, **given))
        return by_heat(_relation(row["r"]) for row in found)

    def _node(self, tenant: str, node: str) -> str:
        return _JOINT.join((self._space, tenant, node))

    def _id(self, key: RelationKey) -> str:
        return _JOINT.join((self._space, *key))


def _key(change: RelationChange) -> RelationKey:
    return key_of(ordered(change.relation))


def _values(relation: Relation) -> dict[str, Any]:
    assert relation.used_at is not None, "a relation that was made was used"
    values = relation.model_dump(exclude={"used_at"})
    return {**values, "used_at": microseconds(relation.used_at), "heat": heat(relation)}


def _relation(found: Any) -> Relation:
    values = {name: found[name] for name in Relation.model_fields if name != "used_at"}
    return Relation(**values, used_at=moment(found["used_at"]))
