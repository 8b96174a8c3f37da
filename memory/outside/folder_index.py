"""Passages of documents in the memory of the process, found by words and meaning."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from contracts.memory_ports import LedgerEntry
from contracts.recall import RecallWeights
from memory.outside.passages import Passage
from memory.recall import questions, ranking
from memory.recall.analysis import stems_of
from memory.recall.index import ScopeIndex
from memory.state.rows import microseconds

Vector = NDArray[np.float32]

# Beneath it, a passage shares little more than a common word with the question.
_LEAST_SCORE = 0.25
_WORDS, _MEANING = 0.6, 0.4
# More than is asked for is ranked, because the order by score may be another one.
_CANDIDATES = 4
_WEIGHTS = RecallWeights()


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A passage in the index.

    Attributes:
        position: among the passages of its file.
        modified: when the file was changed last.
    """

    file: str
    position: int
    passage: Passage
    stems: frozenset[str]
    vector: Vector | None
    modified: datetime


class FolderIndex:
    """The passages of a folder's files. It is used by one thread at a time."""

    def __init__(self) -> None:
        self._index = ScopeIndex(0)
        self._kept: dict[str, Kept] = {}
        self._ids: dict[str, list[str]] = {}
        self._holders: Counter[str] = Counter()
        self._sequence = 0

    def __len__(self) -> int:
        """Return how many passages there are."""
        return len(self._kept)

    def __getitem__(self, id: str) -> Kept:
        """Return a passage."""
        return self._kept[id]

    def remove(self, file: str) -> None:
        """Forget the passages of a file."""
        ids = self._ids.pop(file, [])
        gone = [self._kept.pop(id) for id in ids]
        for kept in gone:
            self._holders -= Counter(kept.stems)
        self._put([self._entry(id, kept, live=False) for id, kept in zip(ids, gone, strict=True)])

    def add(
        self, file: str, passages: Sequence[Passage], *, vectors: Sequence[Vector | None], modified: datetime
    ) -> None:
        """Keep the passages of a file in place of those that it had."""
        self.remove(file)
        self._make_room(vectors)
        entries: list[LedgerEntry] = []
        for position, (passage, vector) in enumerate(zip(passages, vectors, strict=True)):
            kept = Kept(
                file=file,
                position=position,
                passage=passage,
                stems=frozenset(stems_of(passage.found_by)),
                vector=vector,
                modified=modified,
            )
            id = _id(kept)
            self._kept[id] = kept
            self._ids.setdefault(file, []).append(id)
            self._holders.update(kept.stems)
            entries.append(self._entry(id, kept, live=True))
        self._put(entries)

    def search(self, text: str, *, limit: int, vector: Vector | None, now: datetime) -> list[tuple[str, float]]:
        """Return ids of passages that fit, each with a score from 0 to 1, the best first."""
        question = questions.asked(text, [self._index], now=now)
        ranked = ranking.rank([self._index], question, vector=self._fitting(vector), weights=_WEIGHTS, now=now)
        found = ranked.top(0, limit * _CANDIDATES)
        scored = [(hit.id, self._score(self._kept[hit.id], frozenset(question.stems), vector)) for hit in found]
        return sorted([one for one in scored if one[1] >= _LEAST_SCORE], key=lambda one: (-one[1], one[0]))[:limit]

    def _score(self, kept: Kept, asked: frozenset[str], vector: Vector | None) -> float:
        """Return how well a passage fits, whatever else there is: the ranking only says which fits best."""
        weights = {stem: math.log(1 + len(self._kept) / max(self._holders[stem], 0.5)) for stem in asked}
        words = sum(weight for stem, weight in weights.items() if stem in kept.stems) / (sum(weights.values()) or 1)
        if vector is None or kept.vector is None:
            return words
        return _WORDS * words + _MEANING * max(0.0, float(kept.vector @ vector))

    def _make_room(self, vectors: Sequence[Vector | None]) -> None:
        """Take the length of the first vectors that come."""
        length = next((len(vector) for vector in vectors if vector is not None), 0)
        if length and not self._index.dimensions and not len(self._index):
            self._index = ScopeIndex(length)

    def _fitting(self, vector: Vector | None) -> Vector | None:
        return vector if vector is not None and len(vector) == self._index.dimensions else None

    def _put(self, entries: Sequence[LedgerEntry]) -> None:
        if entries:
            self._index.apply(entries, upto=self._sequence)

    def _entry(self, id: str, kept: Kept, *, live: bool) -> LedgerEntry:
        self._sequence += 1
        vector = self._fitting(kept.vector)
        return LedgerEntry(
            id=id,
            sequence=self._sequence,
            live=live,
            stems=stems_of(kept.passage.found_by),
            vector=None if vector is None else vector.astype("<f4").tobytes(),
            thread=kept.file,
            position=kept.position,
            speaker=None,
            happened_at=None,
            written_at=microseconds(kept.modified),
            expires_at=None,
            importance=0.5,
            pinned=False,
            entities=(),
        )


def _id(kept: Kept) -> str:
    content = "\n".join((kept.file, str(kept.position), kept.passage.found_by))
    return f"outside-{hashlib.sha256(content.encode(errors='surrogateescape')).hexdigest()[:24]}"
