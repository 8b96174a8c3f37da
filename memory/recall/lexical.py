"""BM25 over memories, alone or with their neighbours.

A memory with its neighbours is the sum of their words. Postings hold each memory's own words only: those of neighbours
are found by following the links from the rows that hold a word, so that neither memory nor updates pay for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from memory.recall.columns import Floats, Rows, Scores
from memory.recall.union import Union

K1 = 1.2
B = 0.75
# Of longer questions the rarest stems count.
MAX_STEMS = 64

Reach = Literal["own", "before", "around"]


def scores(union: Union, weights: Mapping[str, float], reach: Reach) -> Scores:
    """Return the BM25 score of each row for weighted stems."""
    chosen = _rarest(union, weights)
    if not chosen:
        return np.zeros(union.count)
    found = [union.occurrences(stem) for stem, _ in chosen]
    rows = np.concatenate([rows for rows, _ in found])
    counts = np.concatenate([counts for _, counts in found])
    sizes = [len(rows) for rows, _ in found]
    numbers = np.repeat(np.arange(len(found)), sizes)
    if union.gone:
        kept = union.live[rows]
        rows, counts, numbers = rows[kept], counts[kept], numbers[kept]
    gains = np.array([weight * (K1 + 1) for _, weight in chosen])[numbers] * counts
    norms = _norms(union, reach)
    if reach == "own":
        return _summed(rows, gains / (counts + norms[rows]), union.count + 1)[: union.count]
    return _spread(union, reach, rows=rows, numbers=numbers, counts=counts, gains=gains, norms=norms)


def _spread(
    union: Union, reach: Reach, *, rows: Rows, numbers: Rows, counts: Floats, gains: Scores, norms: Floats
) -> Scores:
    # The words of a row count for the row behind it, too ("with the one before"), and for the row before it.
    width = union.count + 1
    places = [rows, union.after[rows]]
    if reach == "around":
        places.append(union.before[rows])
    cells = [numbers * width + place for place in places]
    sums = np.zeros((int(numbers.max(initial=0)) + 1) * width, np.float32)
    for cell in cells:
        sums[cell] += counts
    total = np.zeros(width)
    for place, cell in zip(places, cells, strict=True):
        total += _summed(place, gains / (sums[cell] + norms[place]), width)
    return total[: union.count]


def _summed(rows: Rows, values: Scores, width: int) -> Scores:
    return np.asarray(np.bincount(rows, values, minlength=width), np.float64)


def _rarest(union: Union, weights: Mapping[str, float]) -> list[tuple[str, float]]:
    stems = [stem for stem, weight in weights.items() if weight > 0 and union.holders(stem)]
    known = [(stem, weights[stem] * rarity) for stem, rarity in zip(stems, union.rarities(stems), strict=True)]
    known.sort(key=lambda one: (-one[1], one[0]))
    return known[:MAX_STEMS]


def _norms(union: Union, reach: Reach) -> NDArray[np.float32]:
    lengths = lengths_of(union, reach)
    mean = float(lengths.sum()) / max(union.members, 1) or 1.0
    return np.append(np.float32(K1 * (1 - B)) + np.float32(K1 * B / mean) * lengths, np.float32(1))


def lengths_of(union: Union, reach: Reach) -> Floats:
    """Return how many stems each row has, with its neighbours as far as it reaches."""
    return union.column(lambda table: getattr(table, _LENGTHS[reach]))


_LENGTHS = {"own": "length", "before": "length_before", "around": "length_around"}
