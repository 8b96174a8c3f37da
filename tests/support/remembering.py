"""A ledger with all its projections, as workers have them, and how tests compare one with the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contracts.errors import BackendUnavailable
from contracts.memories import Memory, MemoryCommit, MemoryDraft, MemoryScope
from contracts.projection_ports import MemoryGraph, VectorIndex
from contracts.relations import SUPERSEDES
from memory.memory_ledger import SqlMemoryLedger
from memory.projections.projections import Projections
from memory.relations.linking import mentions
from memory.sql_graph import SqlMemoryGraph
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.projections import EMBEDDER, vector

_SWEEP = timedelta(seconds=0.3)
_POLL_SECONDS = 0.05
_EVERYTHING = 100_000
ADA = MemoryScope(user="ada")


@dataclass(frozen=True, kw_only=True)
class Remembering:
    """What one process has open."""

    ledger: SqlMemoryLedger
    graph: SqlMemoryGraph
    projections: Projections
    index: VectorIndex | None
    walking: MemoryGraph | None

    async def add(self, *texts: str) -> tuple[Memory, ...]:
        """Write memories of Ada, and have the projections follow as a store does."""
        drafts = tuple(MemoryDraft(text=text, scope=ADA) for text in texts)
        return await self.commit(MemoryCommit(drafts=drafts))

    async def commit(self, commit: MemoryCommit) -> tuple[Memory, ...]:
        """Make a change, and have the projections follow."""
        made = await write(self.ledger, commit)
        await self.projections.follow()
        return made

    async def equal(self) -> bool:
        """Whether every projection holds what the ledger says, and nothing else."""
        changes, _ = await self.ledger.changes(after=0, limit=_EVERYTHING, embedder=EMBEDDER)
        active = [memory for memory, _ in changes if memory.status == "active"]
        if self.index is not None and not await _indexed(self.index, active):
            return False
        graphs = [self.graph, *([] if self.walking is None else [self.walking])]
        return all([await _linked(graph, active) for graph in graphs])

    async def until_equal(self, *, seconds: float = 30.0) -> None:
        """Wait until the projections have caught up."""
        async with asyncio.timeout(seconds):
            while not await self._caught_up():
                await asyncio.sleep(_POLL_SECONDS)

    async def _caught_up(self) -> bool:
        try:
            return self.projections.degraded() == () and await self.equal()
        except BackendUnavailable:
            return False


async def write(ledger: SqlMemoryLedger, commit: MemoryCommit) -> tuple[Memory, ...]:
    """Make a change, each text with a vector of its own."""
    texts = [draft.text for draft in commit.drafts] + [revision.text or "" for revision in commit.revisions]
    vectors = [vector(1, len(text) % 7, len(text) % 5, 1) for text in texts]
    made = await ledger.commit(commit, stems=[() for _ in texts], vectors=vectors, embedder=EMBEDDER)
    return made.memories


@asynccontextmanager
async def remembering(
    settings: Settings, *, index: VectorIndex | None = None, walking: MemoryGraph | None = None
) -> AsyncIterator[Remembering]:
    """Open a ledger and let its projections follow, for the length of a block."""
    async with open_stores(settings) as stores:
        ledger, graph = SqlMemoryLedger(stores.database), SqlMemoryGraph(stores.database)
        projections = Projections(
            ledger, graph=graph, vector_index=index, walking=walking, embedder=EMBEDDER, sweep=_SWEEP
        )
        projections.start()
        try:
            yield Remembering(ledger=ledger, graph=graph, projections=projections, index=index, walking=walking)
        finally:
            await projections.close()


async def _indexed(index: VectorIndex, active: Sequence[Memory]) -> bool:
    if await index.count() != len(active):
        return False
    scopes = sorted({memory.scope.key for memory in active})
    found = await index.search(
        vector(1, 1, 1, 1), tenant="default", branches=["main"], scopes=scopes, limit=len(active) + 10
    )
    return sorted(id_ for id_, _ in found) == sorted(memory.id for memory in active)


async def _linked(graph: MemoryGraph, active: Sequence[Memory]) -> bool:
    expected = {(memory.id, *mention) for memory in active for mention in mentions(memory)}
    expected |= {(memory.id, SUPERSEDES, other) for memory in active for other in memory.supersedes}
    now, found = datetime.now(UTC), set()
    for node in {node for _, _, node in expected}:
        for relation in await graph.relations(node, tenant="default", limit=_EVERYTHING, now=now):
            found.add((relation.start, relation.kind, relation.end))
    return expected <= found and await graph.count() == len(expected)
