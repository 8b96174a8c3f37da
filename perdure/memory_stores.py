"""Memory, put together as the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.memory_ports import ContextBuilder, Learner, MemoryStore
from perdure.settings import Settings
from perdure.stores import Stores

if TYPE_CHECKING:
    from contracts.memory_ports import MemoryCache, MemoryLedger
    from contracts.recall import RecallWeights
    from memory.learned_ranking import LearnedRanking
    from memory.memory_store import LedgeredMemoryStore, MemoryParts
    from memory.memory_texts import TextAnalysis
    from memory.memory_uses import MemoryUses
    from memory.scope_indexes import ScopeIndexes
    from memory.search_request import RecallTuning
    from memory.vector_repair import VectorRepair

_MIB = 1024 * 1024
# Weight of what was learned from use: as much as half of what a neighbour gives.
_LEARNED = 0.15


@dataclass(frozen=True, kw_only=True)
class OpenedMemory:
    """What runs and people remember with."""

    store: MemoryStore
    contexts: ContextBuilder
    learner: Learner


@asynccontextmanager
async def open_memory(settings: Settings, stores: Stores) -> AsyncIterator[OpenedMemory]:
    """Open memory for the length of a block.

    Args:
        settings: `memory` is read, and of the rest what names models.
        stores: opened before, and closed after; the ledger is in their database.

    Raises:
        ConfigurationError: an embedder, an extractor or a source is not known, or not installed.
    """
    async with AsyncExitStack() as exits:
        parts = _parts(settings, stores, exits)
        from memory.memory_store import LedgeredMemoryStore

        store = LedgeredMemoryStore(parts)
        yield OpenedMemory(
            store=store, contexts=_contexts(store, parts.ledger), learner=_learner(settings, store, parts.ledger)
        )


class _Projections:
    """Vectors of the ledger, which is all that there is to follow."""

    def __init__(self, repair: VectorRepair) -> None:
        self._repair = repair

    async def follow(self) -> None:
        pass

    async def reindex(self, *, only: Sequence[str] | None) -> dict[str, int]:
        return {"vectors": await self._repair.repair()}

    async def stats(self) -> dict[str, Any]:
        return {}


def _contexts(store: MemoryStore, ledger: MemoryLedger) -> ContextBuilder:
    from memory.context_builder import LedgeredContextBuilder

    return LedgeredContextBuilder(store, ledger=ledger)


def _learner(settings: Settings, store: LedgeredMemoryStore, ledger: MemoryLedger) -> Learner:
    from memory.extraction.learner import LedgeredLearner
    from memory.rules_extractor import RulesExtractor

    return LedgeredLearner(ledger, store, RulesExtractor())


def _parts(settings: Settings, stores: Stores, exits: AsyncExitStack) -> MemoryParts:
    from memory.memory_access import MemoryAccess
    from memory.memory_ledger import SqlMemoryLedger
    from memory.memory_recorder import MemoryRecorder
    from memory.memory_relations import MemoryRelations
    from memory.memory_search import MemorySearch
    from memory.memory_store import MemoryParts
    from memory.memory_uses import MemoryUses
    from memory.memory_writing import MemoryWriting
    from memory.recall_legs import RecallLegs
    from memory.sql_graph import SqlMemoryGraph
    from memory.vector_repair import VectorRepair

    ledger = SqlMemoryLedger(stores.database)
    analysis = _analysis(settings, exits)
    indexes = _indexes(settings, ledger, analysis)
    recorder = MemoryRecorder(ledger)
    exits.push_async_callback(recorder.close)
    cache = _cache(stores)
    uses = MemoryUses(stores.database)
    learned = _learned(settings, uses)
    graph = SqlMemoryGraph(stores.database)
    repair = VectorRepair(ledger, analysis=analysis)
    exits.push_async_callback(repair.close)
    projections = _Projections(repair)
    return MemoryParts(
        ledger=ledger,
        search=MemorySearch(
            ledger,
            indexes=indexes,
            analysis=analysis,
            cache=cache,
            recorder=recorder,
            tuning=_tuning(settings),
            legs=RecallLegs(graph=graph),
            learned=learned,
        ),
        writing=MemoryWriting(ledger, analysis=analysis, repair=repair, indexes=indexes, followers=projections),
        relations=MemoryRelations(MemoryAccess(ledger), graph=graph, book=graph),
        projections=projections,
        recorder=recorder,
        uses=uses,
        cache=cache,
        indexes=indexes,
        learned=learned,
    )


def _analysis(settings: Settings, exits: AsyncExitStack) -> TextAnalysis:
    from memory.embedders.choice import chosen
    from memory.memory_texts import TextAnalysis

    key = settings.memory.embedder_key or settings.openai_api_key
    url = settings.memory.embedder_url or settings.openai_base_url
    embedder = chosen(settings.memory.embedder, url=url, key=None if key is None else key.get_secret_value())
    exits.push_async_callback(embedder.close)
    return TextAnalysis(embedder)


def _indexes(settings: Settings, ledger: MemoryLedger, analysis: TextAnalysis) -> ScopeIndexes:
    from memory.scope_indexes import ScopeIndexes

    embedder = analysis.embedder
    most = settings.memory.index_mib * _MIB
    return ScopeIndexes(ledger, embedder=embedder.name, dimensions=embedder.dimensions, max_bytes=most)


def _cache(stores: Stores) -> MemoryCache:
    from memory.process_memory_cache import ProcessMemoryCache

    near = ProcessMemoryCache()
    if stores.redis is None:
        return near
    from memory.redis_memory_cache import RedisMemoryCache

    return RedisMemoryCache(stores.redis, near=near, prefix=stores.prefix)


def _learned(settings: Settings, uses: MemoryUses) -> LearnedRanking | None:
    from memory.learned_ranking import LearnedRanking

    return LearnedRanking(uses) if settings.memory.learn_ranking else None


def _tuning(settings: Settings) -> RecallTuning:
    """Return the weights; where the ranking learns and nobody said how much that counts, it counts a little."""
    from memory.search_request import RecallTuning

    chosen = settings.memory
    if not chosen.learn_ranking:
        return RecallTuning(weights=chosen.weights, by_team=chosen.team_weights)
    return RecallTuning(
        weights=_learning(chosen.weights), by_team={team: _learning(its) for team, its in chosen.team_weights.items()}
    )


def _learning(weights: RecallWeights) -> RecallWeights:
    return weights if "learned" in weights.model_fields_set else weights.model_copy(update={"learned": _LEARNED})
