"""How each projection follows: relations and vectors follow the ledger, a graph elsewhere follows the relations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from contracts.memories import Memory
from contracts.memory_ports import MemoryLedger
from contracts.projection_ports import MemoryGraph, PointKey, VectorIndex, VectorPoint
from memory.relations.linking import links
from memory.sql_graph import SqlMemoryGraph

_PAGE = 500
_MOST_COUNTED = 1_000
# A process that died between points and `applied` may have left older points behind those of another one: the first
# look of each process therefore goes back so far, which costs one page.
_BACK = 500


class RelationsTrack:
    """Relations that follow from memories, in the database."""

    name = "graph"

    def __init__(self, ledger: MemoryLedger, graph: SqlMemoryGraph) -> None:
        self._ledger = ledger
        self._graph = graph

    async def applied(self) -> int | None:
        """See `Track.applied`."""
        return await self._graph.applied()

    async def advance(self, after: int) -> tuple[int, bool] | None:
        """See `Track.advance`."""
        changes, upto = await self._ledger.changes(after=after, limit=_PAGE, embedder="")
        if upto > after and not await self._graph.follow(
            links(memory for memory, _ in changes), upto=upto, after=after
        ):
            return None
        return upto, len(changes) == _PAGE

    async def behind(self, after: int) -> int:
        """See `Track.behind`."""
        return len((await self._ledger.changes(after=after, limit=_MOST_COUNTED, embedder=""))[0])

    async def clear(self) -> None:
        """See `Track.clear`. What is there stays until it is known to be wrong."""
        await self._graph.begin_anew()

    async def finish(self) -> None:
        """See `Track.finish`."""
        await self._graph.sweep()

    async def count(self) -> int:
        """See `Track.count`."""
        return await self._graph.count()


class VectorsTrack:
    """Vectors in a server of their own.

    Args:
        ledger: is followed.
        index: follows.
        embedder: name of what makes the vectors.
    """

    name = "qdrant"

    def __init__(self, ledger: MemoryLedger, index: VectorIndex, *, embedder: str) -> None:
        self._ledger = ledger
        self._index = index
        self._embedder = embedder
        self._looked = False

    async def applied(self) -> int | None:
        """See `Track.applied`."""
        applied = await self._index.applied()
        back = 0 if self._looked else _BACK
        self._looked = True
        return None if applied is None else max(applied - back, 0)

    async def advance(self, after: int) -> tuple[int, bool] | None:
        """See `Track.advance`."""
        changes, upto = await self._ledger.changes(after=after, limit=_PAGE, embedder=self._embedder)
        found = points(changes, now=datetime.now(UTC))
        if upto > after and not await self._index.apply(found.kept, gone=found.gone, upto=upto, after=after):
            return None
        return upto, len(changes) == _PAGE

    async def behind(self, after: int) -> int:
        """See `Track.behind`."""
        return len((await self._ledger.changes(after=after, limit=_MOST_COUNTED, embedder=self._embedder))[0])

    async def clear(self) -> None:
        """See `Track.clear`."""
        await self._index.drop()

    async def finish(self) -> None:
        """See `Track.finish`."""

    async def count(self) -> int:
        """See `Track.count`."""
        return await self._index.count()


class GraphTrack:
    """A graph elsewhere, which follows that of the database."""

    name = "neo4j"

    def __init__(self, source: SqlMemoryGraph, graph: MemoryGraph) -> None:
        self._source = source
        self._graph = graph

    async def applied(self) -> int | None:
        """See `Track.applied`. One that is ahead of the database has followed another one: it is begun anew."""
        applied = await self._graph.applied()
        if applied is not None and applied > await self._source.last_move():
            await self._graph.drop()
            return None
        return applied

    async def advance(self, after: int) -> tuple[int, bool] | None:
        """See `Track.advance`."""
        changes, upto = await self._source.moves(after=after, limit=_PAGE)
        if changes and not await self._graph.apply(changes, upto=upto, after=after):
            return None
        return upto, len(changes) >= _PAGE

    async def behind(self, after: int) -> int:
        """See `Track.behind`."""
        return len((await self._source.moves(after=after, limit=_MOST_COUNTED))[0])

    async def clear(self) -> None:
        """See `Track.clear`."""
        await self._graph.drop()

    async def finish(self) -> None:
        """See `Track.finish`."""

    async def count(self) -> int:
        """See `Track.count`."""
        return await self._graph.count()


class Points(NamedTuple):
    """What changes mean for a vector index."""

    kept: list[VectorPoint]
    gone: list[PointKey]


def points(changes: Sequence[tuple[Memory, bytes | None]], *, now: datetime) -> Points:
    """Return the vectors of memories that may be recalled, and the others, each memory once."""
    latest = {PointKey(memory.tenant, memory.branch, memory.id): (memory, vector) for memory, vector in changes}
    found = Points([], [])
    for key, (memory, vector) in latest.items():
        expired = memory.expires_at is not None and memory.expires_at <= now
        if memory.status != "active" or vector is None or expired:
            found.gone.append(key)
        else:
            found.kept.append(
                VectorPoint(
                    id=memory.id,
                    tenant=memory.tenant,
                    branch=memory.branch,
                    scope=memory.scope.key,
                    sequence=memory.sequence,
                    vector=vector,
                )
            )
    return found
