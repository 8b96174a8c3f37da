"""Entries of indexes, and what is found in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.memory_ports import LedgerEntry
from contracts.recall import RecallWeights
from memory.recall import questions, ranking
from memory.recall.analysis import stems_of
from memory.recall.index import ScopeIndex
from memory.recall.ranking import Ranking
from memory.state.rows import microseconds

DIMENSIONS = 4
NOW = datetime(2024, 5, 10, 12, tzinfo=UTC)
WEIGHTS = RecallWeights()


def entry(
    id: str, text: str = "", *, said: datetime | None = None, vector: Sequence[float] | None = None, **fields: Any
) -> LedgerEntry:
    """Return a live entry of a text; `said` is when it happened."""
    given = {
        "sequence": 1,
        "live": True,
        "stems": stems_of(text),
        "vector": None if vector is None else unit(vector).tobytes(),
        "thread": None,
        "position": None,
        "speaker": None,
        "happened_at": None if said is None else microseconds(said),
        "written_at": microseconds(NOW),
        "expires_at": None,
        "importance": 0.5,
        "pinned": False,
        "entities": (),
    }
    return LedgerEntry(id=id, **{**given, **fields})


def unit(vector: Sequence[float]) -> NDArray[np.float32]:
    """Return a vector of length 1."""
    values = np.array(vector, np.float32)
    return np.asarray(values / max(float(np.linalg.norm(values)), 1e-9), np.float32)


def talk(*turns: str, thread: str = "t") -> list[LedgerEntry]:
    """Return the turns of a thread, "Speaker: text" each; ids are the thread and the place."""
    spoken = [turn.split(": ", 1) for turn in turns]
    return [
        entry(f"{thread}{place}", text, speaker=speaker, thread=thread, position=place, sequence=place + 1)
        for place, (speaker, text) in enumerate(spoken)
    ]


def index_of(*entries: LedgerEntry) -> ScopeIndex:
    """Return an index of entries."""
    index = ScopeIndex(DIMENSIONS)
    index.apply(entries, upto=max((one.sequence for one in entries), default=0))
    return index


def ranked(text: str, *indexes: ScopeIndex, **given: Any) -> Ranking:
    """Return the ranking of a question; by words only, unless `vector` is given."""
    now = given.pop("now", NOW)
    question = questions.asked(text, indexes, now=now)
    return ranking.rank(indexes, question, now=now, **{"vector": None, "weights": WEIGHTS, **given})


def found(text: str, *indexes: ScopeIndex, **given: Any) -> list[str]:
    """Return the ids of the best ten hits."""
    return [hit.id for hit in ranked(text, *indexes, **given).top(0, 10)]
