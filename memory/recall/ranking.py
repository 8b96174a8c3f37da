"""What fits a question best, and why.

Each leg gives each memory a value between 0 and 1: its score, divided by the best one. Legs are weighted and added;
boosts are added to that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.recall import Correction, RecallWeights, Share
from memory.recall.columns import Flags, Floats, Rows
from memory.recall.index import ScopeIndex
from memory.recall.legs import Legs
from memory.recall.questions import Question
from memory.recall.union import Union
from memory.state.rows import microseconds


@dataclass(frozen=True, slots=True)
class Found:
    """A memory that was found.

    Attributes:
        index: position of its index among those that were asked.
        row: for `Ranking.shares`.
    """

    id: str
    score: float
    index: int
    row: int


class Ranking:
    """The answer to a question. It stays as it is when indexes change.

    Args:
        union: where was looked.
        legs: what was found.
        hits: rows that are hits.
        corrections: spelling that was corrected.

    Attributes:
        expansion: stems that were looked for besides the question's, with their weights, the heaviest first.
    """

    def __init__(self, union: Union, legs: Legs, *, hits: Flags, corrections: tuple[Correction, ...]) -> None:
        self._ids = union.ids
        self._starts = union.starts
        self._legs = legs.all
        # What two processes work out differs in the last digits, and equals shall stand in one order.
        self._total = legs.total.round(7)
        self._when = np.array(union.when)
        self._rows = np.flatnonzero(hits)
        self.expansion = tuple(sorted(legs.expansion.items(), key=lambda one: (-one[1], one[0])))
        self.corrections = corrections

    def __len__(self) -> int:
        """Return how many hits there are; one that stands in two indexes counts twice."""
        return len(self._rows)

    def top(self, offset: int, limit: int) -> list[Found]:
        """Return a page of hits, the best first; of equal ones the newest first, then by id."""
        most = max(offset + limit, 1)
        while True:
            hits = self._hits(self._best(most))
            if len(hits) >= most or most >= len(self._rows):
                return hits[offset : offset + limit]
            most *= 2

    def shares(self, found: Found) -> tuple[Share, ...]:
        """Return what each leg and boost gave to a hit; what gave nothing is left out. They add up to its score."""
        given = [(leg, float(leg.values[found.row])) for leg in self._legs]
        return tuple(
            Share(leg=leg.name, value=value, weight=leg.weight, score=leg.weight * value)
            for leg, value in given
            if value
        )

    def _hits(self, rows: Rows) -> list[Found]:
        places = np.searchsorted(self._starts, rows, side="right") - 1
        found = [
            Found(self._ids[place][row - self._starts[place]], float(self._total[row]), place, row)
            for place, row in zip(places.tolist(), rows.tolist(), strict=True)
        ]
        found.sort(key=lambda hit: (-hit.score, -int(self._when[hit.row]), hit.id, hit.row))
        return _once(found)

    def _best(self, most: int) -> Rows:
        """Return so many of the best rows, and those that are equal to the last one of them."""
        rows = self._rows
        if len(rows) <= most:
            return rows
        above, equal = _split(rows, self._total[rows], most)
        if len(above) + len(equal) == most:
            return np.concatenate([above, equal])
        newer, as_new = _split(equal, self._when[equal], most - len(above))
        return np.concatenate([above, newer, as_new])


def _split(rows: Rows, values: NDArray[Any], most: int) -> tuple[Rows, Rows]:
    """Return the rows with more than the `most`-highest value, and those with just that."""
    least = np.partition(values, len(rows) - most)[len(rows) - most]
    return rows[values > least], rows[values == least]


def _once(found: Sequence[Found]) -> list[Found]:
    # A memory that is shared stands in several indexes.
    seen: dict[str, Found] = {}
    for hit in found:
        seen.setdefault(hit.id, hit)
    return list(seen.values())


def rank(
    indexes: Sequence[ScopeIndex],
    question: Question,
    *,
    vector: Floats | None,
    weights: RecallWeights,
    now: datetime,
    among: frozenset[str] | None = None,
    likeness: Mapping[str, float] | None = None,
    associations: Mapping[str, float] | None = None,
    learned: Mapping[str, float] | None = None,
) -> Ranking:
    """Return what fits a question best; where it asks for nothing, what is latest.

    What only has worth of its own (it is new, important, of use before) and nothing to do with the question is no hit.

    Args:
        indexes: where to look; the one of the most particular scope first.
        question: what `questions.asked` made of the text, of the same indexes.
        vector: of `question.embedded`; None where there is none.
        weights: how much each leg and boost counts.
        now: what is new, and what has expired, is counted from it.
        among: ids that may be found; None for all.
        likeness: likeness to the vector by id, of a server that keeps vectors, in place of the indexes' own.
        associations: how strongly what was found before leads to an id (0 to 1).
        learned: how much of use an id was (0 to 1).
    """
    union = Union(indexes)
    eligible = _eligible(union, now=microseconds(now), among=among)
    legs = Legs(union, eligible, weights)
    if not union.count:
        return Ranking(union, legs, hits=eligible, corrections=question.corrections)
    legs.add_words(question)
    legs.add_meaning(vector, likeness)
    legs.add_company()
    legs.add_clues(question)
    if associations:
        legs.add("association", lambda: union.values(associations))
    if legs.all:
        eligible &= legs.total > 0
        legs.add_worth(microseconds(now))
        if learned:
            legs.add("learned", lambda: union.values(learned))
    return Ranking(union, legs, hits=eligible, corrections=question.corrections)


def _eligible(union: Union, *, now: int, among: frozenset[str] | None) -> Flags:
    eligible = union.live & (union.column(lambda table: table.expires) > now)
    if among is not None:
        eligible &= union.values(dict.fromkeys(among, 1.0)) > 0
    return eligible
