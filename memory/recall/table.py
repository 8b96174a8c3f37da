"""What is known of each row of an index besides its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from contracts.memory_ports import LedgerEntry
from memory.recall.columns import Column, Rows
from memory.recall.threads import NOBODY

NEVER = 2**63 - 1


class Table:
    """Columns of one length.

    Attributes:
        live: whether the row may be found.
        when: when it was said or happened; where that is not known, when it was written (microseconds since 1970).
        before: row of the neighbour before it in its thread, or `NOBODY`; `after` likewise.
        length: number of stems; with the one before in `length_before`, with both neighbours in `length_around`.
        vector: normalised; zeros where there is none.
        vector_around: length of the sum of the vectors of the row and its neighbours.
    """

    def __init__(self, dimensions: int) -> None:
        self.live = Column(np.bool_)
        self.thread = Column(np.int32)
        self.speaker = Column(np.int32)
        self.when = Column(np.int64)
        self.sequence = Column(np.int64)
        self.expires = Column(np.int64)
        self.importance = Column(np.float32)
        self.before = Column(np.intp)
        self.after = Column(np.intp)
        self.length = Column(np.float32)
        self.length_before = Column(np.float32)
        self.length_around = Column(np.float32)
        self.vector = Column(np.float32, width=dimensions)
        self.vector_around = Column(np.float32)

    def _columns(self) -> list[Column[Any]]:
        return list(vars(self).values())

    @property
    def nbytes(self) -> int:
        """Bytes of all columns."""
        return sum(column.nbytes for column in self._columns())

    def extend(self, entries: Sequence[LedgerEntry], *, threads: Sequence[int], speakers: Sequence[int]) -> None:
        """Add rows that stand beside nobody yet."""
        lengths = [len(entry.stems) for entry in entries]
        self.live.extend([True] * len(entries))
        self.thread.extend(threads)
        self.speaker.extend(speakers)
        self._extend_times(entries)
        self.sequence.extend([entry.sequence for entry in entries])
        self.importance.extend([entry.importance for entry in entries])
        for links in (self.before, self.after):
            links.extend([NOBODY] * len(entries))
        for measured in (self.length, self.length_before, self.length_around):
            measured.extend(lengths)
        self._extend_vectors([entry.vector for entry in entries])

    def _extend_times(self, entries: Sequence[LedgerEntry]) -> None:
        self.when.extend([entry.written_at if entry.happened_at is None else entry.happened_at for entry in entries])
        self.expires.extend([NEVER if entry.expires_at is None else entry.expires_at for entry in entries])

    def _extend_vectors(self, vectors: Sequence[bytes | None]) -> None:
        none = bytes(4 * self.vector.width)
        joined = b"".join(none if vector is None else vector for vector in vectors)
        rows = np.frombuffer(joined, "<f4").reshape(len(vectors), self.vector.width)
        self.vector.extend(rows)
        self.vector_around.extend(np.linalg.norm(rows, axis=1))

    def clear(self, row: int) -> None:
        """Leave nothing of a row that would count."""
        self.live.values[row] = False
        self.before.values[row] = self.after.values[row] = NOBODY
        self.length.values[row] = self.length_before.values[row] = self.length_around.values[row] = 0
        self.vector.values[row] = 0

    def measure(self, rows: Rows) -> None:
        """Set what depends on neighbours, for rows whose neighbours are others now."""
        before, after = self.before.values[rows], self.after.values[rows]
        led, followed = (before >= 0), (after >= 0)
        own = self.length.values[rows]
        with_before = own + self.length.values[before] * led
        self.length_before.values[rows] = with_before
        self.length_around.values[rows] = with_before + self.length.values[after] * followed
        vectors = self.vector.values[rows]
        vectors = vectors + self.vector.values[before] * led[:, None] + self.vector.values[after] * followed[:, None]
        self.vector_around.values[rows] = np.linalg.norm(vectors, axis=1)

    def keep(self, rows: Rows) -> None:
        """Leave only some rows, numbered anew."""
        numbers = np.full(len(self.live.values) + 1, NOBODY, np.intp)
        numbers[rows] = np.arange(len(rows))
        for column in self._columns():
            column.keep(rows)
        for column in (self.before, self.after):
            column.values[:] = numbers[column.values]
