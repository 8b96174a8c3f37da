"""Several indexes as one: rows are numbered through, and statistics are of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memory.recall.columns import Column, Flags, Floats, Rows
from memory.recall.index import ScopeIndex
from memory.recall.postings import COUNT_BITS, Packed, rarity
from memory.recall.table import Table
from memory.recall.threads import NOBODY


class Union:
    """Some indexes, for the time of one question.

    `before` and `after` name row `count` where there is no neighbour, so arrays that are read by them have one value
    more at their end: see `padded`.
    """

    def __init__(self, indexes: Sequence[ScopeIndex]) -> None:
        self.indexes = tuple(indexes)
        sizes = [len(index.ids) for index in self.indexes]
        self.starts = [0, *accumulate(sizes)]
        self.count = self.starts[-1]
        self.ids = [index.ids for index in self.indexes]

    def column(self, choose: Callable[[Table], Column[Any]]) -> NDArray[Any]:
        """Return a column of all rows. With one index it is a view: good until its next change."""
        parts = [choose(index.table).values for index in self.indexes]
        return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.zeros(0)

    def padded(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values with a 0 behind them, which is what nobody has."""
        return np.append(values, values.dtype.type(0))

    @cached_property
    def live(self) -> Flags:
        """Rows that were not removed."""
        return np.array(self.column(lambda table: table.live), bool)

    @cached_property
    def members(self) -> int:
        """How many memories there are."""
        return sum(len(index) for index in self.indexes)

    @cached_property
    def gone(self) -> bool:
        """Whether there are rows that were removed."""
        return self.members < self.count

    @cached_property
    def before(self) -> Rows:
        """Row of the neighbour before."""
        return self._linked(lambda table: table.before)

    @cached_property
    def after(self) -> Rows:
        """Row of the neighbour after."""
        return self._linked(lambda table: table.after)

    @cached_property
    def when(self) -> NDArray[np.int64]:
        """When each was said or happened, in microseconds since 1970."""
        return self.column(lambda table: table.when)

    @cached_property
    def threads(self) -> Rows:
        """Number of the thread of each row."""
        firsts = accumulate((len(index.threads) for index in self.indexes), initial=0)
        parts = [index.table.thread.values.astype(np.intp) for index in self.indexes]
        shifted = [np.where(part == NOBODY, NOBODY, part + first) for part, first in zip(parts, firsts, strict=False)]
        return np.concatenate(shifted) if shifted else np.zeros(0, np.intp)

    @cached_property
    def thread_sizes(self) -> Rows:
        """How many memories each thread has; behind them a 1 for no thread."""
        threads = self.threads[self.live]
        many = sum(len(index.threads) for index in self.indexes)
        return np.maximum(np.bincount(threads[threads != NOBODY], minlength=many + 1), 1)

    @cached_property
    def names(self) -> frozenset[str]:
        """Stems of the names of those who speak."""
        return frozenset(stem for index in self.indexes for stem in index.name_stems)

    def values(self, given: Mapping[str, float]) -> NDArray[np.float64]:
        """Return a value for each row from values by id; 0 where an id has none."""
        values = np.zeros(self.count)
        for index, start in zip(self.indexes, self.starts, strict=False):
            for row, id in index.rows(given):
                values[start + row] = given[id]
        return values

    def _linked(self, choose: Callable[[Table], Column[Any]]) -> Rows:
        parts = [choose(index.table).values for index in self.indexes]
        shifted = [
            np.where(part == NOBODY, self.count, part + start) for part, start in zip(parts, self.starts, strict=False)
        ]
        return np.concatenate(shifted) if shifted else np.zeros(0, np.intp)

    def rarities(self, stems: Sequence[str]) -> list[float]:
        """Return how much each stem says among all memories; 0 where none holds it."""
        holders = np.zeros(len(stems), np.int64)
        for index in self.indexes:
            count = index.postings.holders
            holders += np.array([count(stem) for stem in stems], np.int64)
        return [float(one) for one in np.where(holders > 0, rarity(self.members, holders), 0.0)]

    def held(self, stem: str) -> Iterator[Packed]:
        """Yield the rows that hold a stem, each with how often, as `Postings.held` has them."""
        for index, start in zip(self.indexes, self.starts, strict=False):
            packed = index.postings.held(stem)
            if packed is not None:
                yield packed + (start << COUNT_BITS) if start else packed

    def stems(self, row: int) -> list[str]:
        """Return the stems of a row; none of row `count`."""
        for index, start in zip(self.indexes, self.starts, strict=False):
            if row < start + len(index.ids):
                return index.postings.stems(row - start)
        return []

    def likeness(self, vector: Floats) -> Floats:
        """Return the likeness of each row to a vector."""
        parts = [index.table.vector.values @ vector for index in self.indexes]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)
