"""Memory, put together as the settings say."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.errors import ConfigurationError
from contracts.memory_archive import MemoryArchive
from contracts.memory_ports import ContextBuilder, Learner, MemoryStore
from perdure.settings import Settings
from perdure.stores import Stores

if TYPE_CHECKING:
    from pydantic import SecretStr

    from contracts.conversation_ports import ChatModels
    from contracts.projection_ports import MemoryGraph, VectorIndex
    from contracts.recall import RecallWeights
    from contracts.recall_ports import Embedder, Extractor, MemoryCache, OutsideSource
    from memory.store.assembly import MemoryAdapters
    from memory.store.search_request import RecallTuning

_MIB = 1024 * 1024
# Weight of what was learned from use, where nobody said: as much as one of the dense legs.
_LEARNED = 0.15


@dataclass(frozen=True, kw_only=True)
class OpenedMemory:
    """What runs and people remember with."""

    store: MemoryStore
    contexts: ContextBuilder
    learner: Learner
    archive: MemoryArchive


@asynccontextmanager
async def open_memory(
    settings: Settings, stores: Stores, *, models: ChatModels | None = None
) -> AsyncIterator[OpenedMemory]:
    """Open memory for the length of a block.

    Args:
        settings: `memory` is read, and of the rest what names models.
        stores: opened before, and closed after; the ledger is in their database.
        models: what an extractor may ask; without them, rules find what is to be learned.

    Raises:
        ConfigurationError: an embedder, an extractor or a source is not known, or not installed.
    """
    from memory.context_builder import LedgeredContextBuilder
    from memory.extraction.learner import LedgeredLearner
    from memory.memory_store import LedgeredMemoryStore
    from memory.store.archive import SqlMemoryArchive
    from memory.store.assembly import assembled
    from memory.store.texts import TextAnalysis

    async with AsyncExitStack() as exits:
        adapters = _adapters(settings, stores, exits)
        parts = assembled(adapters, exits)
        store = LedgeredMemoryStore(parts)
        extractor = _extractor(settings, models, adapters.embedder)
        yield OpenedMemory(
            store=store,
            contexts=LedgeredContextBuilder(store, ledger=parts.ledger),
            learner=LedgeredLearner(parts.ledger, store, extractor),
            archive=SqlMemoryArchive(stores.database, ledger=parts.ledger, analysis=TextAnalysis(adapters.embedder)),
        )


def _adapters(settings: Settings, stores: Stores, exits: AsyncExitStack) -> MemoryAdapters:
    from memory.store.assembly import MemoryAdapters

    embedder = _embedder(settings, exits)
    return MemoryAdapters(
        database=stores.database,
        embedder=embedder,
        cache=_cache(stores),
        vector_index=_vector_index(settings, stores, embedder, exits),
        walking=_walking(settings, stores, exits),
        sources=_sources(settings, embedder, exits),
        tuning=_tuning(settings),
        learns=settings.memory.learn_ranking,
        index_bytes=settings.memory.index_mib * _MIB,
    )


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
    if not embedder.dimensions:
        raise ConfigurationError(
            f"Qdrant must know how long the vectors of {embedder.name!r} are: say it in PERDURE_EMBEDDER, as in"
            f" '{settings.memory.embedder}@768'"
        )
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
    from memory.outside.sources import named

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


def _tuning(settings: Settings) -> RecallTuning:
    """Return the weights; where the ranking learns and nobody said how much that counts, it counts a little."""
    from memory.store.search_request import RecallTuning

    chosen = settings.memory
    if not chosen.learn_ranking:
        return RecallTuning(weights=chosen.weights, by_team=chosen.team_weights)
    by_team = {team: _learning(weights) for team, weights in chosen.team_weights.items()}
    return RecallTuning(weights=_learning(chosen.weights), by_team=by_team)


def _learning(weights: RecallWeights) -> RecallWeights:
    return weights if "learned" in weights.model_fields_set else weights.model_copy(update={"learned": _LEARNED})


def _extractor(settings: Settings, models: ChatModels | None, embedder: Embedder) -> Extractor:
    chosen = settings.memory.extractor
    asks = chosen == "mem0" or (chosen == "auto" and settings.openai_api_key is not None and _installed("mem0"))
    if models is None or not asks:
        from memory.rules_extractor import RulesExtractor

        return RulesExtractor()
    if not _installed("mem0"):
        raise ConfigurationError(
            "PERDURE_EXTRACTOR is mem0, and mem0 is not installed: `pip install perdure[mem0]`, or use rules"
        )
    from memory.extraction.completion import ChatCompletion
    from memory.mem0_extractor import Mem0Extractor

    model = models.prepare().default_model
    return Mem0Extractor(ChatCompletion(models, model), embedder, folder=settings.home / "mem0", model=model)


def _installed(package: str) -> bool:
    """Whether a package is there; it is not imported: that takes seconds."""
    return importlib.util.find_spec(package) is not None


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
