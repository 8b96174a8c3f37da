"""Memory, put together as the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.errors import ConfigurationError
from contracts.memory_ports import ContextBuilder, Learner, MemoryStore
from perdure.settings import Settings
from perdure.stores import Stores

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contracts.memory_ports import (
        Embedder,
        Extractor,
        MemoryCache,
        MemoryGraph,
        MemoryLedger,
        OutsideSource,
        VectorIndex,
    )
    from contracts.recall import RecallWeights
    from memory.learned_ranking import LearnedRanking
    from memory.memory_store import LedgeredMemoryStore, MemoryParts
    from memory.memory_uses import MemoryUses
    from memory.projections import Projections
    from memory.search_request import RecallTuning
    from memory.sql_graph import SqlMemoryGraph
    from memory.vector_repair import VectorRepair

_MIB = 1024 * 1024
# Weight of what was learned from use, where nobody said: as much as one of the dense legs.
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
    from memory.memory_store import LedgeredMemoryStore

    async with AsyncExitStack() as exits:
        parts = _parts(settings, stores, exits)
        store = LedgeredMemoryStore(parts)
        learner = _learner(store, parts.ledger, _extractor(settings))
        yield OpenedMemory(store=store, contexts=_contexts(store, parts.ledger), learner=learner)


def _parts(settings: Settings, stores: Stores, exits: AsyncExitStack) -> MemoryParts:
    from memory.memory_access import MemoryAccess
    from memory.memory_ledger import SqlMemoryLedger
    from memory.memory_recorder import MemoryRecorder
    from memory.memory_relations import MemoryRelations
    from memory.memory_search import MemorySearch
    from memory.memory_store import MemoryParts
    from memory.memory_texts import TextAnalysis
    from memory.memory_uses import MemoryUses
    from memory.memory_writing import MemoryWriting
    from memory.recall_legs import RecallLegs
    from memory.scope_indexes import ScopeIndexes
    from memory.sql_graph import SqlMemoryGraph
    from memory.vector_repair import VectorRepair

    ledger, graph, uses = SqlMemoryLedger(stores.database), SqlMemoryGraph(stores.database), MemoryUses(stores.database)
    embedder = _embedder(settings, exits)
    analysis = TextAnalysis(embedder)
    repair = VectorRepair(ledger, analysis=analysis)
    projections = _projections(settings, stores, ledger, graph=graph, repair=repair, embedder=embedder, exits=exits)
    indexes = ScopeIndexes(
        ledger,
        embedder=embedder.name,
        dimensions=embedder.dimensions,
        max_bytes=settings.memory.index_mib * _MIB,
    )
    recorder, cache, learned = MemoryRecorder(ledger), _cache(stores), _learned(settings, uses)
    exits.push_async_callback(recorder.close)
    exits.push_async_callback(repair.close)
    search = MemorySearch(
        ledger,
        indexes=indexes,
        analysis=analysis,
        cache=cache,
        recorder=recorder,
        tuning=_tuning(settings),
        legs=RecallLegs(
            vectors=projections.vectors, graph=projections.graph, sources=_sources(settings, embedder, exits)
        ),
        learned=learned,
    )
    return MemoryParts(
        ledger=ledger,
        search=search,
        writing=MemoryWriting(ledger, analysis=analysis, repair=repair, indexes=indexes, followers=projections),
        relations=MemoryRelations(MemoryAccess(ledger), graph=projections.graph, book=graph),
        projections=projections,
        recorder=recorder,
        uses=uses,
        cache=cache,
        indexes=indexes,
        learned=learned,
    )


def _projections(
    settings: Settings,
    stores: Stores,
    ledger: MemoryLedger,
    *,
    graph: SqlMemoryGraph,
    repair: VectorRepair,
    embedder: Embedder,
    exits: AsyncExitStack,
) -> Projections:
    from memory.projections import Projections

    projections = Projections(
        ledger,
        graph=graph,
        vector_index=_vector_index(settings, stores, embedder, exits),
        walking=_walking(settings, stores, exits),
        embedder=embedder.name,
        repair=repair.repair,
    )
    projections.start()
    exits.push_async_callback(projections.close)
    return projections


def _embedder(settings: Settings, exits: AsyncExitStack) -> Embedder:
    from memory.embedders.choice import chosen

    url = settings.memory.embedder_url or settings.openai_base_url
    key = settings.memory.embedder_key or settings.openai_api_key
    embedder = chosen(settings.memory.embedder, url=url, key=_plain(key))
    exits.push_async_callback(embedder.close)
    return embedder


def _vector_index(settings: Settings, stores: Stores, embedder: Embedder, exits: AsyncExitStack) -> VectorIndex | None:
    url = settings.memory.qdrant
    if url is None:
        return None
    try:
        from memory import qdrant_index
    except ImportError as error:
        raise ConfigurationError(
            "QDRANT_URL is set, and Qdrant's client is not installed: `pip install perdure[qdrant]`"
        ) from error
    client = qdrant_index.connect(url, api_key=_plain(settings.memory.qdrant_api_key))
    index = qdrant_index.QdrantVectorIndex(
        client, embedder=embedder.name, dimensions=embedder.dimensions, space=stores.prefix, place=url
    )
    exits.push_async_callback(index.close)
    return index


def _walking(settings: Settings, stores: Stores, exits: AsyncExitStack) -> MemoryGraph | None:
    chosen = settings.memory
    if chosen.neo4j_url is None:
        return None
    try:
        from memory.neo4j_connection import Neo4jConnection
        from memory.neo4j_graph import Neo4jMemoryGraph
    except ImportError as error:
        raise ConfigurationError(
            "NEO4J_URL is set, and Neo4j's driver is not installed: `pip install perdure[neo4j]`"
        ) from error
    connection = Neo4jConnection(chosen.neo4j_url, user=chosen.neo4j_user, password=_plain(chosen.neo4j_password))
    graph = Neo4jMemoryGraph(connection, space=stores.prefix)
    exits.push_async_callback(graph.close)
    return graph


def _sources(settings: Settings, embedder: Embedder, exits: AsyncExitStack) -> tuple[OutsideSource, ...]:
    if not settings.memory.sources:
        return ()
    from memory.outside_sources import named

    sources = named(settings.memory.sources, embedder=embedder)
    for source in sources:
        exits.push_async_callback(source.close)
    return sources


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
    by_team = {team: _learning(weights) for team, weights in chosen.team_weights.items()}
    return RecallTuning(weights=_learning(chosen.weights), by_team=by_team)


def _learning(weights: RecallWeights) -> RecallWeights:
    return weights if "learned" in weights.model_fields_set else weights.model_copy(update={"learned": _LEARNED})


def _contexts(store: MemoryStore, ledger: MemoryLedger) -> ContextBuilder:
    from memory.context_builder import LedgeredContextBuilder

    return LedgeredContextBuilder(store, ledger=ledger)


def _extractor(settings: Settings) -> Extractor:
    from memory.rules_extractor import RulesExtractor

    return RulesExtractor()


def _learner(store: LedgeredMemoryStore, ledger: MemoryLedger, extractor: Extractor) -> Learner:
    from memory.extraction.learner import LedgeredLearner

    return LedgeredLearner(ledger, store, extractor)


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
