"""How the parts of memory hang together: one place, whatever the adapters are."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from contracts.projection_ports import MemoryGraph, VectorIndex
from contracts.recall_ports import Embedder, MemoryCache, OutsideSource
from memory.memory_ledger import SqlMemoryLedger
from memory.memory_store import MemoryParts
from memory.projections.projections import Projections
from memory.sql.database import Database
from memory.sql_graph import SqlMemoryGraph
from memory.store.access import MemoryAccess
from memory.store.learned_ranking import LearnedRanking
from memory.store.legs import RecallLegs
from memory.store.recorder import MemoryRecorder
from memory.store.relations import MemoryRelations
from memory.store.scope_indexes import ScopeIndexes
from memory.store.search import MemorySearch
from memory.store.search_request import RecallTuning
from memory.store.texts import TextAnalysis
from memory.store.uses import MemoryUses
from memory.store.vector_repair import VectorRepair
from memory.store.writing import MemoryWriting


@dataclass(frozen=True, kw_only=True)
class MemoryAdapters:
    """What memory stands on. Whoever made them closes them, after memory.

    Attributes:
        vector_index: where the vectors are, too; None where there is no such server.
        walking: where relations are, too.
        sources: take part in searches, and are never written.
        learns: whether what was of use counts in the ranking.
        index_bytes: so much the indexes of this process may take.
    """

    database: Database
    embedder: Embedder
    cache: MemoryCache
    vector_index: VectorIndex | None = None
    walking: MemoryGraph | None = None
    sources: Sequence[OutsideSource] = ()
    tuning: RecallTuning = field(default_factory=RecallTuning)
    learns: bool = False
    index_bytes: int = 512 * 1024 * 1024


def assembled(adapters: MemoryAdapters, exits: AsyncExitStack) -> MemoryParts:
    """Put memory together; what works in the background ends with the stack."""
    ledger, graph = SqlMemoryLedger(adapters.database), SqlMemoryGraph(adapters.database)
    uses, recorder = MemoryUses(adapters.database), MemoryRecorder(ledger)
    learned = LearnedRanking(uses) if adapters.learns else None
    analysis = TextAnalysis(adapters.embedder)
    repair = VectorRepair(ledger, analysis=analysis)
    projections = _projections(adapters, ledger, graph=graph, repair=repair)
    indexes = ScopeIndexes(
        ledger,
        embedder=adapters.embedder.name,
        dimensions=adapters.embedder.dimensions,
        max_bytes=adapters.index_bytes,
    )
    for part in (projections, repair, recorder):
        exits.push_async_callback(part.close)
    projections.start()
    return MemoryParts(
        ledger=ledger,
        search=MemorySearch(
            ledger,
            indexes=indexes,
            analysis=analysis,
            cache=adapters.cache,
            recorder=recorder,
            tuning=adapters.tuning,
            legs=RecallLegs(vectors=projections.vectors, graph=projections.graph, sources=adapters.sources),
            learned=learned,
        ),
        writing=MemoryWriting(ledger, analysis=analysis, repair=repair, indexes=indexes, followers=projections),
        relations=MemoryRelations(MemoryAccess(ledger), graph=projections.graph, book=projections),
        projections=projections,
        recorder=recorder,
        uses=uses,
        cache=adapters.cache,
        indexes=indexes,
        learned=learned,
    )


def _projections(
    adapters: MemoryAdapters, ledger: SqlMemoryLedger, *, graph: SqlMemoryGraph, repair: VectorRepair
) -> Projections:
    return Projections(
        ledger,
        graph=graph,
        vector_index=adapters.vector_index,
        walking=adapters.walking,
        embedder=adapters.embedder.name,
        repair=repair.repair,
    )
