"""Who stands beside whom in a conversation."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import NamedTuple

NOBODY = -1


class Neighbours(NamedTuple):
    """The rows beside one; `NOBODY` where there is none."""

    before: int
    after: int


class Threads:
    """Rows by thread in the order of their positions; gaps count for nothing, equal positions go by row."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._members: list[list[tuple[int, int]]] = []
        self._positions: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, thread: str | None) -> int:
        """Return the number of a thread, the same for each of its rows; `NOBODY` for no thread."""
        if thread is None:
            return NOBODY
        number = self._numbers.get(thread)
        if number is None:
            number = self._numbers[thread] = len(self._members)
            self._members.append([])
        return number

    def add(self, thread: int, position: int, row: int) -> Neighbours:
        """Put a row into its place, and return who stands beside it now."""
        members = self._members[thread]
        self._positions[row] = (thread, position)
        if not members or members[-1] < (position, row):
            members.append((position, row))
            return Neighbours(members[-2][1] if len(members) > 1 else NOBODY, NOBODY)
        insort(members, (position, row))
        return self._beside(members, bisect_left(members, (position, row)))

    def remove(self, row: int) -> Neighbours:
        """Take a row out, and return who stood beside it."""
        if row not in self._positions:
            return Neighbours(NOBODY, NOBODY)
        thread, position = self._positions.pop(row)
        members = self._members[thread]
        place = bisect_left(members, (position, row))
        beside = self._beside(members, place)
        del members[place]
        return beside

    def kept(self, rows: Sequence[int]) -> Threads:
        """Return the same threads with some rows only, which are numbered anew."""
        fresh = Threads()
        fresh._numbers = self._numbers
        fresh._members = [[] for _ in self._members]
        for number, row in enumerate(rows):
            if row in self._positions:
                fresh.add(*self._positions[row], number)
        return fresh

    @staticmethod
    def _beside(members: list[tuple[int, int]], place: int) -> Neighbours:
        before = members[place - 1][1] if place else NOBODY
        after = members[place + 1][1] if place + 1 < len(members) else NOBODY
        return Neighbours(before, after)
