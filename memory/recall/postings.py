"""Which rows hold which stems, and how often."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# A row and a count stand in one number: the row above, the count in the lowest bits.
COUNT_BITS = 16
MOST_COUNTED = 2**COUNT_BITS - 1
# What a stem takes besides its occurrences: the string, an array, and entries of dicts and lists.
_BYTES_PER_STEM = 380

Packed = NDArray[np.int64]


def rarity(members: int, holders: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how much stems say: the fewer of all members hold one, the more (BM25's inverse document frequency)."""
    return np.asarray(np.log1p(np.maximum(members - holders + 0.5, 0.5) / (holders + 0.5)))


class Postings:
    """Stems by row and rows by stem. A row that was removed stays in the lists until `keep`."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._stems: list[str] = []
        self._of_length: defaultdict[int, list[str]] = defaultdict(list)
        self._held: list[array[int]] = []
        self._holders: array[int] = array("q")
        self._texts: array[int] = array("i")
        self._starts: array[int] = array("q", [0])
        self._occurrences = 0
        self._said: NDArray[np.float64] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes, about."""
        return _BYTES_PER_STEM * len(self._stems) + 9 * self._occurrences + 4 * len(self._texts) + 8 * len(self._starts)

    def extend(self, texts: Sequence[Sequence[str]]) -> None:
        """Add the next rows."""
        self._said = None
        first = len(self._starts) - 1
        for text in texts:
            self._texts.extend([self._number(stem) for stem in text])
            self._starts.append(len(self._texts))
        self._hold(first)

    def _hold(self, first: int) -> None:
        """Note for each stem which of the rows from `first` on hold it."""
        starts = np.frombuffer(self._starts, np.int64)[first:]
        numbers = np.frombuffer(self._texts, np.int32)[starts[0] :].astype(np.int64)
        rows = np.repeat(np.arange(first, first + len(starts) - 1), np.diff(starts))
        cells, counts = np.unique(numbers << 32 | rows, return_counts=True)
        packed = (cells & 0xFFFFFFFF) << COUNT_BITS | np.minimum(counts, MOST_COUNTED)
        held, places = np.unique(cells >> 32, return_index=True)
        ends = [*places.tolist(), len(cells)][1:]
        for number, start, end in zip(held.tolist(), places.tolist(), ends, strict=True):
            self._held[number].frombytes(packed[start:end].tobytes())
            self._holders[number] += end - start
        self._occurrences += len(cells)

    def _number(self, stem: str) -> int:
        number = self._numbers.get(stem)
        if number is None:
            number = self._numbers[stem] = len(self._stems)
            self._stems.append(stem)
            self._of_length[len(stem)].append(stem)
            self._held.append(array("q"))
            self._holders.append(0)
        return number

    def remove(self, row: int) -> None:
        """Count a row no more."""
        self._said = None
        for number in set(self._text(row)):
            self._holders[number] -= 1

    def holders(self, stem: str) -> int:
        """Return how many rows hold a stem."""
        number = self._numbers.get(stem)
        return 0 if number is None else self._holders[number]

    def held(self, stem: str) -> Packed | None:
        """Return the rows that hold a stem, each with how often; removed rows are among them.

        It is a view: it must be gone before the next `extend`.
        """
        number = self._numbers.get(stem)
        return None if number is None else np.frombuffer(self._held[number], np.int64)

    def stems(self, row: int) -> list[str]:
        """Return the stems of a row in order."""
        return [self._stems[number] for number in self._text(row)]

    def said(self, members: int) -> NDArray[np.float64]:
        """Return how much each row says: the rarities of its stems, added up. It is kept until something changes."""
        if self._said is None:
            holders = np.frombuffer(self._holders, np.int64)
            sums = np.zeros(len(self._texts) + 1)
            np.cumsum(rarity(members, holders)[np.frombuffer(self._texts, np.int32)], out=sums[1:])
            self._said = np.diff(sums[np.frombuffer(self._starts, np.int64)])
        return self._said

    def of_length(self, chars: int) -> Sequence[str]:
        """Return all stems of a length; some may be of removed rows only."""
        return self._of_length.get(chars, ())

    def kept(self, rows: Sequence[int]) -> Postings:
        """Return the same of some rows only, which are numbered anew."""
        fresh = Postings()
        fresh.extend([self.stems(row) for row in rows])
        return fresh

    def _text(self, row: int) -> array[int]:
        return self._texts[self._starts[row] : self._starts[row + 1]]
