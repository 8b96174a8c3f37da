"""Projections as searches use them: only while they follow the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from contracts.errors import BackendUnavailable
from contracts.projection_ports import MemoryGraph, PointKey, VectorIndex, VectorPoint
from contracts.relations import Path, Relation, RelationChange
from memory.projections.following import Following

_T = TypeVar("_T")
_SOON_SECONDS = 0.5


class FollowedVectorIndex:
    """A vector index that answers only while it is complete: otherwise the indexes of the process know more.

    Args:
        index: the index.
        following: says how far it is.
    """

    def __init__(self, index: VectorIndex, following: Following) -> None:
        self._index = index
        self._following = following

    async def applied(self) -> int | None:
        """See `VectorIndex.applied`."""
        return await self._index.applied()

    async def apply(
        self, points: Sequence[VectorPoint], *, gone: Sequence[PointKey], upto: int, after: int | None = None
    ) -> bool:
        """See `VectorIndex.apply`."""
        return await self._index.apply(points, gone=gone, upto=upto, after=after)

    async def search(
        self, vector: bytes, *, tenant: str, branches: Sequence[str], scopes: Sequence[str], limit: int
    ) -> Sequence[tuple[str, float]]:
        """See `VectorIndex.search`."""
        if (trouble := self._following.trouble) is not None:
            raise BackendUnavailable(trouble)
        asked = self._index.search(vector, tenant=tenant, branches=branches, scopes=scopes, limit=limit)
        return await _soon(asked, self._following)

    async def count(self) -> int:
        """See `VectorIndex.count`."""
        return await self._index.count()

    async def drop(self) -> None:
        """See `VectorIndex.drop`."""
        await self._index.drop()

    async def close(self) -> None:
        """See `VectorIndex.close`."""
        await self._index.close()


class FollowedMemoryGraph:
    """A graph elsewhere, and the one of the database where that does not follow it: both answer alike.

    Args:
        graph: elsewhere.
        source: of the database.
        following: says whether the first one follows the second.
    """

    def __init__(self, graph: MemoryGraph, *, source: MemoryGraph, following: Following) -> None:
        self._graph = graph
        self._source = source
        self._following = following

    async def applied(self) -> int | None:
        """See `MemoryGraph.applied`."""
        return await self._graph.applied()

    async def apply(self, changes: Sequence[RelationChange], *, upto: int, after: int | None = None) -> bool:
        """See `MemoryGraph.apply`."""
        return await self._graph.apply(changes, upto=upto, after=after)

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
        return await self._answer(
            lambda graph: graph.relations(node, tenant=tenant, scopes=scopes, kinds=kinds, limit=limit, now=now)
        )

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
        return await self._answer(
            lambda graph: graph.neighbours(
                nodes, tenant=tenant, scopes=scopes, without=without, depth=depth, limit=limit, now=now
            )
        )

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
        return await self._answer(
            lambda graph: graph.path(start, end, tenant=tenant, scopes=scopes, depth=depth, now=now)
        )

    async def count(self) -> int:
        """See `MemoryGraph.count`."""
        return await self._graph.count()

    async def drop(self) -> None:
        """See `MemoryGraph.drop`."""
        await self._graph.drop()

    async def close(self) -> None:
        """See `MemoryGraph.close`."""
        await self._graph.close()

    async def _answer(self, ask: Callable[[MemoryGraph], Awaitable[_T]]) -> _T:
        if self._following.state == "following":
            try:
                return await _soon(ask(self._graph), self._following)
            except BackendUnavailable:
                pass  # The database knows the same.
        return await ask(self._source)


async def _soon(asked: Awaitable[_T], following: Following) -> _T:
    """Return an answer that a search can wait for; one that does not come makes all others go on without.

    Raises:
        BackendUnavailable: there is none.
    """
    try:
        return await asyncio.wait_for(asked, _SOON_SECONDS)
    except TimeoutError as error:
        reason = f"no answer within {_SOON_SECONDS:g} s"
        following.suspect(reason)
        raise BackendUnavailable(reason) from error
    except BackendUnavailable as error:
        following.suspect(str(error))
        raise
