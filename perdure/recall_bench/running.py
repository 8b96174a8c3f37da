"""Measures recall in a memory of its own that is gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import BadRequest
from contracts.recall import RecallWeights
from perdure.memory_settings import MemorySettings
from perdure.memory_stores import OpenedMemory, open_memory
from perdure.recall_bench.material import Conversation
from perdure.recall_bench.measuring import Measuring
from perdure.recall_bench.report import Report
from perdure.settings import Settings
from perdure.stores import open_stores


@dataclass(frozen=True, kw_only=True)
class Order:
    """How recall is to be measured.

    Attributes:
        without: names of weights that count nothing, such as "speaker" and "date".
        embedder: in place of the one that is set.
        typos: seed of typing errors in one or two words of each question; None is none.
    """

    without: tuple[str, ...] = ()
    embedder: str | None = None
    typos: int | None = None


async def measured(
    conversations: Sequence[Conversation], order: Order, settings: Settings, *, say: Callable[[str], None]
) -> Report:
    """Return the recall of the product with these settings, on SQLite.

    Args:
        conversations: what is remembered and asked.
        order: what is changed of the settings.
        settings: embedder and weights of `memory` are used.
        say: hears of progress.

    Raises:
        BadRequest: a weight is not known, or there is no question.
        ConfigurationError: the embedder is not known, or not installed.
    """
    if not any(conversation.questions for conversation in conversations):
        raise BadRequest("nothing is asked about these conversations: choose others, or more questions")
    memory = _memory(order, settings.memory)
    async with _opened(settings.model_copy(update={"memory": memory})) as opened:
        measuring = Measuring(store=opened.store, embedder=memory.embedder, typos=order.typos, say=say)
        return await measuring.report(conversations)


def _memory(order: Order, settings: MemorySettings) -> MemorySettings:
    """Return settings without servers and sources: what is measured is the ranking."""
    if unknown := set(order.without) - set(RecallWeights.model_fields):
        known = ", ".join(RecallWeights.model_fields)
        raise BadRequest(f"there is no weight {', '.join(sorted(unknown))!r}: --without takes some of {known}")
    weights = settings.weights.model_copy(update=dict.fromkeys(order.without, 0.0))
    return MemorySettings(
        embedder=order.embedder or settings.embedder,
        embedder_url=settings.embedder_url,
        embedder_key=settings.embedder_key,
        index_mib=settings.index_mib,
        weights=weights,
    )


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[OpenedMemory]:
    with tempfile.TemporaryDirectory(prefix="perdure-bench-") as folder:
        alone = settings.model_copy(update={"home": Path(folder), "database_url": None, "redis_url": None})
        async with open_stores(alone) as stores, open_memory(alone, stores) as opened:
            yield opened
