"""Which rows hold which stems, and how often."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from memory.recall.columns import Floats, Rows

# What a stem takes besides its occurrences: the string, two arrays, and entries of a dict and lists.
_BYTES_PER_STEM = 420


def rarity(members: int, holders: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how much stems say: the fewer of all members hold one, the more (BM25's inverse document frequency)."""
    return np.asarray(np.log1p(np.maximum(members - holders + 0.5, 0.5) / (holders + 0.5)))


class Postings:
    """Stems by row and rows by stem. A row that was removed stays in the lists until `keep`."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._stems: list[str] = []
        self._of_length: defaultdict[int, list[str]] = defaultdict(list)
        self._rows: list[array[int]] = []
        self._counts: list[array[float]] = []
        self._holders: array[int] = array("q")
        self._texts: array[int] = array("i")
        self._starts: array[int] = array("q", [0])
        self._occurrences = 0
        self._said: NDArray[np.float64] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes, about."""
        return _BYTES_PER_STEM * len(self._stems) + 9 * self._occurrences + 4 * len(self._texts) + 8 * len(self._starts)

    def add(self, row: int, stems: Sequence[str]) -> None:
        """Add the next row."""
        self._said = None
        numbers = [self._number(stem) for stem in stems]
        self._texts.extend(numbers)
        self._starts.append(len(self._texts))
        counts = Counter(numbers)
        for number, count in counts.items():
            self._rows[number].append(row)
            self._counts[number].append(count)
            self._holders[number] += 1
        self._occurrences += len(counts)

    def _number(self, stem: str) -> int:
        number = self._numbers.get(stem)
        if number is None:
            number = self._numbers[stem] = len(self._stems)
            self._stems.append(stem)
            self._of_length[len(stem)].append(stem)
            self._rows.append(array("i"))
            self._counts.append(array("f"))
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

    def rows(self, stem: str) -> tuple[Rows, Floats] | None:
        """Return the rows that hold a stem and how often each does; removed rows are among them."""
        number = self._numbers.get(stem)
        if number is None:
            return None
        return (
            np.frombuffer(self._rows[number], np.int32).astype(np.intp),
            np.frombuffer(self._counts[number], np.float32).copy(),
        )

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
        for number, row in enumerate(rows):
            fresh.add(number, self.stems(row))
        return fresh

    def _text(self, row: int) -> array[int]:
        return self._texts[self._starts[row] : self._starts[row + 1]]
