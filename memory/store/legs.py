"""Legs of a search that are asked elsewhere: each may be away, and then the search says so and goes on without it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from contracts.errors import BackendUnavailable
from contracts.projection_ports import MemoryGraph, VectorIndex
from contracts.recall import Recalled
from contracts.recall_ports import OutsideSource
from contracts.state import MAIN
from memory.recall.columns import Floats
from memory.relations.association import associated
from memory.store.search_request import SearchRequest
from memory.store.texts import little_endian

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_PATIENCE = timedelta(seconds=1)
# More than a page is fetched: the ranking mixes it with other legs.
_MOST_ALIKE = 500


@dataclass(frozen=True, kw_only=True)
class RecallLegs:
    """What takes part in searches besides the indexes of this process.

    Attributes:
        vectors: a server of vectors, in place of those in the indexes.
        graph: relations, for associations.
        sources: are read, never written.
        patience: how long each may take.
    """

    vectors: VectorIndex | None = None
    graph: MemoryGraph | None = None
    sources: Sequence[OutsideSource] = ()
    patience: timedelta = _PATIENCE

    async def likeness(
        self, vector: Floats, *, request: SearchRequest, scopes: Sequence[str]
    ) -> Mapping[str, float] | None:
        """Return how like each memory is; None where the indexes must say it."""
        caller = request.caller
        # The server follows the present of `main`; other branches are searched in the indexes.
        if self.vectors is None or caller.branch != MAIN:
            return None
        asked = self.vectors.search(
            little_endian(vector).tobytes(),
            tenant=caller.tenant,
            branches=[caller.branch],
            scopes=scopes,
            limit=_MOST_ALIKE,
        )
        found = await self._answer("qdrant", asked, otherwise=None, degraded=request.degraded)
        return None if found is None else dict(found)

    async def associations(
        self, ids: Sequence[str], *, request: SearchRequest, scopes: Sequence[str]
    ) -> Mapping[str, float]:
        """Return what memories lead to, each with the strength of the way."""
        if self.graph is None or not ids:
            return {}
        asked = associated(self.graph, ids, tenant=request.caller.tenant, scopes=scopes, now=request.now)
        return await self._answer("graph", asked, otherwise={}, degraded=request.degraded)

    async def outside(self, request: SearchRequest) -> list[Recalled]:
        """Return hits of all outside sources."""
        query, caller = request.query, request.caller
        asked = [
            self._answer(
                source.name,
                source.search(query.text, limit=query.limit, caller=caller),
                otherwise=(),
                degraded=request.degraded,
            )
            for source in self.sources
        ]
        return [hit for hits in await asyncio.gather(*asked) for hit in hits]

    async def _answer(self, name: str, asked: Awaitable[_T], *, otherwise: _T, degraded: list[str]) -> _T:
        try:
            return await asyncio.wait_for(asked, self.patience.total_seconds())
        except BackendUnavailable as error:
            reason = str(error)
        except TimeoutError:
            reason = f"no answer within {self.patience.total_seconds():g} s"
        degraded.append(f"{name}: {reason}")
        _log.warning("a search goes on without %s: %s", name, reason)
        return otherwise
