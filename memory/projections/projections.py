"""What follows the ledger: relations in the database, vectors in Qdrant, a graph in Neo4j.

Each follows by itself, in every process: they may all apply the same changes, which counts once. A server that is away
holds up nobody for long; it catches up when it is back, from where it was, or from the beginning where it is empty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

from contracts.errors import BadRequest
from contracts.memory_ports import MemoryLedger
from contracts.projection_ports import MemoryGraph, VectorIndex
from contracts.relations import Relation
from memory.projections.followed import FollowedMemoryGraph, FollowedVectorIndex
from memory.projections.following import Following
from memory.projections.tracks import GraphTrack, RelationsTrack, VectorsTrack
from memory.sql_graph import SqlMemoryGraph

_WITHIN = timedelta(seconds=0.3)
_SWEEP = timedelta(seconds=5)
_VECTORS, _GRAPH = "vectors", "graph"


class Projections:
    """All projections of one process. Those who made the parts close them, after this.

    Args:
        ledger: the truth.
        graph: relations in its database.
        vector_index: vectors elsewhere, where there is such a server.
        walking: a graph elsewhere, where there is such a server.
        embedder: name of what makes the vectors.
        repair: makes all vectors that are missing in the ledger, and returns how many there were.
        within: how long `follow` waits for the slowest.
        sweep: how often each looks by itself.

    Attributes:
        vectors: what searches ask; None where there is no such server.
        graph: what walks ask; it answers from the database where the other graph is away.
    """

    def __init__(
        self,
        ledger: MemoryLedger,
        *,
        graph: SqlMemoryGraph,
        vector_index: VectorIndex | None = None,
        walking: MemoryGraph | None = None,
        embedder: str,
        repair: Callable[[], Awaitable[int]] | None = None,
        within: timedelta = _WITHIN,
        sweep: timedelta = _SWEEP,
    ) -> None:
        self._within = within.total_seconds()
        self._book = graph
        self._repair = repair
        self.vectors: VectorIndex | None = None
        self.graph: MemoryGraph = graph
        self._second: list[Following] = []
        if walking is not None:
            elsewhere = Following(GraphTrack(graph, walking), sweep=sweep)
            self._second.append(elsewhere)
            self.graph = FollowedMemoryGraph(walking, source=graph, following=elsewhere)
        self._first = [Following(RelationsTrack(ledger, graph), sweep=sweep, reached=self._ask_second)]
        if vector_index is not None:
            alike = Following(VectorsTrack(ledger, vector_index, embedder=embedder), sweep=sweep)
            self._first.append(alike)
            self.vectors = FollowedVectorIndex(vector_index, alike)

    def start(self) -> None:
        """Begin to follow, in the background."""
        for following in self._all:
            following.start()

    async def follow(self) -> None:
        """Have all follow. Returns when they have, or after a short time: then they go on in the background."""
        try:
            async with asyncio.timeout(self._within):
                await asyncio.gather(*(following.follow() for following in self._first))
                await asyncio.gather(*(following.follow() for following in self._second))
        except TimeoutError:
            pass  # Slower ones catch up by themselves.

    async def relate(self, relation: Relation) -> Relation:
        """See `SqlMemoryGraph.relate`; a graph elsewhere hears of it, too."""
        made = await self._book.relate(relation)
        await self.follow()
        return made

    def degraded(self) -> tuple[str, ...]:
        """Return which do not follow, and why."""
        return tuple(
            f"{following.track.name}: {following.trouble}" for following in self._all if following.trouble is not None
        )

    async def lag(self) -> dict[str, int | None]:
        """Return how many changes each has still to apply (at most a thousand); None where it does not answer."""
        return {following.track.name: await following.behind() for following in self._all}

    async def stats(self) -> dict[str, Any]:
        """Return the state, the lag and the trouble of each, by name."""
        lag = await self.lag()
        return {
            following.track.name: {
                "state": following.state,
                "behind": lag[following.track.name],
                "trouble": following.trouble,
            }
            for following in self._all
        }

    async def reindex(self, *, only: Sequence[str] | None = None) -> dict[str, int]:
        """See `MemoryStore.reindex`. A graph elsewhere is built anew with that of the database.

        Raises:
            BadRequest: there is none of that name.
            BackendUnavailable: a server does not answer; what was begun goes on by itself when it does.
        """
        names = self._names if only is None else only
        if unknown := set(names) - set(self._names):
            raise BadRequest(f"there is no {', '.join(sorted(unknown))} to build anew: there are {self._names}")
        built: dict[str, int] = {}
        if _VECTORS in names and self._repair is not None:
            built[_VECTORS] = await self._repair()
        for following in self._all:
            if following.track.name in names or (following in self._second and _GRAPH in names):
                built[following.track.name] = await following.rebuild()
        return built

    async def close(self) -> None:
        """Stop following."""
        for following in self._all:
            await following.close()

    @property
    def _all(self) -> list[Following]:
        return [*self._first, *self._second]

    @property
    def _names(self) -> list[str]:
        return [*([_VECTORS] if self._repair is not None else []), *(one.track.name for one in self._all)]

    def _ask_second(self) -> None:
        for following in self._second:
            following.ask()
