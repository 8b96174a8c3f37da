"""BM25 over memories, alone or with their neighbours.

A memory with its neighbours is the sum of their words. Postings hold each memory's own words only: those of neighbours
are found by following the links from the rows that hold a word, so that neither memory nor updates pay for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple

import numpy as np

from memory.recall.columns import Floats, Rows, Scores
from memory.recall.postings import COUNT_BITS, MOST_COUNTED
from memory.recall.union import Union

K1 = 1.2
B = 0.75
# Of longer questions the rarest stems count.
MAX_STEMS = 64

Reach = Literal["own", "before", "around"]


class _Occurrences(NamedTuple):
    """Which row holds which stem (its place among those asked for), and how often."""

    rows: Rows
    stems: Rows
    counts: Floats


class Lexical:
    """How well words fit memories, for the time of one question."""

    def __init__(self, union: Union) -> None:
        self.union = union
        self._occurrences = cache(self._found)
        self._norms = cache(self._normed)

    def scores(self, weights: Mapping[str, float], reach: Reach) -> Scores:
        """Return the BM25 score of each row for weighted stems.

        Args:
            weights: how much each stem counts.
            reach: what is a memory's text: its own, with the one before, or with both neighbours.
        """
        rarest = self._rarest(weights)
        if not rarest:
            return np.zeros(self.union.count)
        found = self._occurrences(tuple(rarest))
        heft = np.array([weight * (K1 + 1) for weight in rarest.values()], np.float64)
        gains = np.asarray(heft[found.stems] * found.counts, np.float64)
        if reach == "own":
            norms = self._norms(reach)
            return self._summed(found.rows, gains / (found.counts + norms[found.rows]))[: self.union.count]
        return self._spread(found, gains, reach)

    def _spread(self, found: _Occurrences, gains: Scores, reach: Reach) -> Scores:
        # The words of a row count for the row behind it, too ("with the one before"), and for the row before it.
        width, norms = self.union.count + 1, self._norms(reach)
        places = [found.rows, self.union.after[found.rows]]
        if reach == "around":
            places.append(self.union.before[found.rows])
        first = found.stems * width
        cells = [first + place for place in places]
        sums = np.zeros((int(found.stems.max(initial=0)) + 1) * width, np.float32)
        for cell in cells:
            sums[cell] += found.counts
        place, cell = np.concatenate(places), np.concatenate(cells)
        return self._summed(place, np.tile(gains, len(places)) / (sums[cell] + norms[place]))[: self.union.count]

    def _summed(self, rows: Rows, values: Scores) -> Scores:
        return np.asarray(np.bincount(rows, values, minlength=self.union.count + 1), np.float64)

    def _rarest(self, weights: Mapping[str, float]) -> dict[str, float]:
        known = zip(weights, self.union.rarities(list(weights)), strict=True)
        weighed = [(stem, weights[stem] * rarity) for stem, rarity in known if weights[stem] * rarity > 0]
        weighed.sort(key=lambda one: (-one[1], one[0]))
        return dict(weighed[:MAX_STEMS])

    def _found(self, stems: tuple[str, ...]) -> _Occurrences:
        held = [(place, packed) for place, stem in enumerate(stems) for packed in self.union.held(stem)]
        packed = np.concatenate([part for _, part in held])
        numbers = np.repeat([place for place, _ in held], [len(part) for _, part in held])
        rows = packed >> COUNT_BITS
        if self.union.gone:
            kept = self.union.live[rows]
            packed, numbers, rows = packed[kept], numbers[kept], rows[kept]
        return _Occurrences(rows, numbers, (packed & MOST_COUNTED).astype(np.float32))

    def _normed(self, reach: Reach) -> Floats:
        lengths = self.union.column(lambda table: getattr(table, _LENGTHS[reach]))
        mean = float(lengths.sum()) / max(self.union.members, 1) or 1.0
        return np.append(np.float32(K1 * (1 - B)) + np.float32(K1 * B / mean) * lengths, np.float32(1))


_LENGTHS = {"own": "length", "before": "length_before", "around": "length_around"}
