"""What one scope remembers, in the memory of the process: words, vectors, and who stands beside whom.

Rows are only ever added; one that is removed or replaced is marked and left out of answers, and all such rows are
dropped when they are many. An index is used by one thread at a time; answers that were made before a change stay good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from contracts.memory_ports import LedgerEntry
from memory.recall.analysis import stems_of
from memory.recall.postings import Postings
from memory.recall.table import Table
from memory.recall.threads import NOBODY, Threads

_LEAST_GONE = 256
# What a row takes in lists, dicts and strings of Python.
_BYTES_PER_ROW = 420


class ScopeIndex:
    """The memories of one view that may be recalled.

    Args:
        dimensions: length of the vectors; 0 where there are none.

    Attributes:
        sequence: of the ledger, up to which it follows.
        ids: of rows, those that were removed too.
        speakers: names by number; `heard` counts the rows of each, `name_stems` has the stems of all.
        told: between which times things happened (microseconds since 1970), as far as was ever known here.
    """

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self.sequence = 0
        self.postings = Postings()
        self.threads = Threads()
        self.table = Table(dimensions)
        self.ids: list[str] = []
        self.speakers: list[str] = []
        self.name_stems: set[str] = set()
        self.heard: Counter[str] = Counter()
        self.told: tuple[int, int] | None = None
        self._speaker_numbers: dict[str, int] = {}
        self._row_of: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many memories may be found."""
        return len(self._row_of)

    @property
    def size_bytes(self) -> int:
        """Bytes that it takes, about."""
        return self.table.nbytes + self.postings.nbytes + _BYTES_PER_ROW * len(self.ids)

    def apply(self, entries: Sequence[LedgerEntry], *, upto: int) -> None:
        """Add, replace and remove memories. A repeat changes nothing.

        Args:
            entries: what changed, in order of sequences: of several with one id the last one counts.
            upto: sequence that the index follows up to then.

        Raises:
            ValueError: a vector has another length than the index's dimensions.
        """
        latest = {entry.id: entry for entry in entries}
        self._check(latest.values())
        touched: set[int] = set()
        for id in latest:
            touched |= self._remove(id)
        touched |= self._add([entry for entry in latest.values() if entry.live])
        self.table.measure(np.array(sorted(touched - {NOBODY}), np.intp))
        self.sequence = max(self.sequence, upto)
        if len(self.ids) - len(self) > max(_LEAST_GONE, len(self) // 2):
            self._compact()

    def latest(self, limit: int) -> list[str]:
        """Return the ids of the memories that were said or happened last, the last one first."""
        table, order = self.table, []
        if limit > 0 and self.ids:
            order = list(np.lexsort((-table.sequence.values, -table.when.values, ~table.live.values)))
        return [self.ids[row] for row in order[: min(limit, len(self))]]

    def rows(self, ids: Iterable[str]) -> list[tuple[int, str]]:
        """Return those ids that it holds, each with its row."""
        return [(row, id) for id in ids if (row := self._row_of.get(id)) is not None]

    def _check(self, entries: Iterable[LedgerEntry]) -> None:
        for entry in entries:
            if entry.vector is not None and len(entry.vector) != 4 * self.dimensions:
                raise ValueError(
                    f"the vector of {entry.id!r} has {len(entry.vector) // 4} dimensions, the index {self.dimensions}:"
                    " vectors of another embedder cannot be compared"
                )

    def _remove(self, id: str) -> set[int]:
        row = self._row_of.pop(id, None)
        if row is None:
            return set()
        touched = self._link([self.threads.remove(row)])
        self.postings.remove(row)
        speaker = self.table.speaker.values[row]
        if speaker != NOBODY:
            self._unheard(self.speakers[speaker])
        self.table.clear(row)
        return touched

    def _add(self, entries: Sequence[LedgerEntry]) -> set[int]:
        if not entries:
            return set()
        first = len(self.ids)
        threads = [self.threads.number(entry.thread) for entry in entries]
        self.table.extend(entries, threads=threads, speakers=[self._speaker(entry.speaker) for entry in entries])
        self._stretch(first)
        self.postings.extend([entry.stems for entry in entries])
        self.ids += [entry.id for entry in entries]
        self._row_of.update((entry.id, row) for row, entry in enumerate(entries, start=first))
        links: list[tuple[int, int]] = []
        for row, (entry, thread) in enumerate(zip(entries, threads, strict=True), start=first):
            if thread != NOBODY and entry.position is not None:
                beside = self.threads.add(thread, entry.position, row)
                links += ((beside.before, row), (row, beside.after))
        return self._link(links)

    def _stretch(self, first: int) -> None:
        when = self.table.when.values[first:]
        if len(when):
            known = self.told or (int(when[0]), int(when[0]))
            self.told = min(known[0], int(when.min())), max(known[1], int(when.max()))

    def _speaker(self, name: str | None) -> int:
        if name is None:
            return NOBODY
        self.heard[name] += 1
        number = self._speaker_numbers.setdefault(name, len(self.speakers))
        if number == len(self.speakers):
            self.speakers.append(name)
            self.name_stems.update(stems_of(name))
        return number

    def _unheard(self, name: str) -> None:
        self.heard[name] -= 1
        if not self.heard[name]:
            del self.heard[name]

    def _link(self, links: Sequence[tuple[int, int]]) -> set[int]:
        """Put rows behind one another, and return them; a later link undoes an earlier one."""
        pairs = np.array([link for link in links if link != (NOBODY, NOBODY)], np.intp).reshape(-1, 2)
        before, after = pairs[:, 0], pairs[:, 1]
        led, followed = before != NOBODY, after != NOBODY
        self.table.after.values[before[led]] = after[led]
        self.table.before.values[after[followed]] = before[followed]
        return set(pairs.ravel().tolist())

    def _compact(self) -> None:
        rows = np.flatnonzero(self.table.live.values)
        # Answers that were given out still name ids by their old rows: those lists stay as they are.
        self.postings = self.postings.kept(rows.tolist())
        self.threads = self.threads.kept(rows.tolist())
        self.table.keep(rows)
        self.ids = [self.ids[row] for row in rows]
        self._row_of = {id: row for row, id in enumerate(self.ids)}
