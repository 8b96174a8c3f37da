"""A process that learns from one conversation and says how far it is.

``python -m tests.support.learning_process HOME KEY`` prints "extracted", commits, and prints "learned".
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from contracts.memories import Memory
from contracts.remembering import Candidate, Extraction, ExtractionRequest
from memory.extraction.learner import LedgeredLearner
from memory.extraction.likes import LearningStore
from memory.memory_ledger import SqlMemoryLedger
from memory.rules_extractor import RulesExtractor
from perdure.memory_stores import open_memory
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.conversations import conversation, said

TEXTS = (
    "I live in Lisbon.",
    "We decided to use Redis for the cache.",
    "Always answer me in English.",
    "My sister works for the city library.",
)


class _Heard(RulesExtractor):
    """The rules, which say when they are done."""

    async def extract(self, request: ExtractionRequest, *, known: Sequence[Memory]) -> tuple[Candidate, ...]:
        found = await super().extract(request, known=known)
        _say("extracted")
        return found


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def learn(home: Path, key: str) -> Extraction:
    """Learn once, in stores of its own."""
    settings = Settings(home=home)
    async with open_stores(settings) as stores, open_memory(settings, stores) as opened:
        learner = LedgeredLearner(SqlMemoryLedger(stores.database), cast(LearningStore, opened.store), _Heard())
        return await learner.learn(conversation(*said(*TEXTS), key=key))


if __name__ == "__main__":
    asyncio.run(learn(Path(sys.argv[1]), sys.argv[2]))
    _say("learned")
