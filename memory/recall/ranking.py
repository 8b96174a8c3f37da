"""What fits a question best, and why.

Each leg gives each memory a value between 0 and 1: its score, divided by the best one. Legs are weighted and added;
boosts are added to that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from contracts.recall import Correction, RecallWeights, Share
from memory.recall import boosts, dense, lexical
from memory.recall.columns import Flags, Floats, Rows, Scores
from memory.recall.expansion import expanded
from memory.recall.index import ScopeIndex
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


class Leg(NamedTuple):
    """One leg or boost: a value for each row, and what it stems."""

    name: str
    values: Scores
    weight: float


class Ranking:
    """The answer to a question. It stays as it is when indexes change.

    Attributes:
        expansion: stems that were looked for besides the question's, with their weights, the heaviest first.
        corrections: spelling that was corrected.
    """

    def __init__(
        self, union: Union, legs: Sequence[Leg], *, eligible: Flags, expansion: Mapping[str, float], question: Question
    ) -> None:
        self._ids = union.ids
        self._starts = union.starts
        self._legs = legs
        self._when = np.array(union.column(lambda table: table.when))
        self._total = np.zeros(union.count)
        for leg in legs:
            self._total += leg.weight * leg.values
        # A question that asks for nothing gets the latest.
        self._total[~eligible] = -1.0
        self._least = 0.0 if not question.text.strip() else np.finfo(float).tiny
        self.expansion = tuple(sorted(expansion.items(), key=lambda one: (-one[1], one[0])))
        self.corrections: tuple[Correction, ...] = question.corrections

    def top(self, offset: int, limit: int) -> list[Found]:
        """Return a page of hits, the best first; of equal ones the newest first, then by id."""
        most = offset + limit
        while True:
            rows = self._best(most)
            hits = self._hits(rows)
            if len(hits) >= offset + limit or len(rows) < most:
                return hits[offset : offset + limit]
            most *= 2

    def shares(self, found: Found) -> tuple[Share, ...]:
        """Return what each leg and boost gave to a hit; what gave nothing is left out. They add up to its score."""
        given = [(leg, float(leg.values[found.row])) for leg in self._legs]
        return tuple(
            Share(leg=leg.name, value=value, weight=leg.weight, score=leg.weight * value)
            for leg, value in given
            if leg.weight * value
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
        rows = np.flatnonzero(self._total >= self._least)
        if len(rows) <= most:
            return rows
        scores = self._total[rows]
        least = np.partition(scores, len(rows) - most)[len(rows) - most]
        above, equal = rows[scores > least], rows[scores == least]
        return np.concatenate([above, self._newest(equal, most - len(above))])

    def _newest(self, rows: Rows, most: int) -> Rows:
        when = self._when[rows]
        return np.asarray(rows[when >= np.partition(when, len(rows) - most)[len(rows) - most]])


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
    """Return what fits a question best.

    Args:
        indexes: where to look; the one of the most particular scope first.
        question: what `questions.asked` made of the text, of the same indexes.
        vector: of `question.embedded`; None where there is none.
        weights: how much each leg and boost stems.
        now: what is new, and what has expired, is counted from it.
        among: ids that may be found; None for all.
        likeness: likeness to the vector by id, of a server that keeps vectors, in place of the indexes' own.
        associations: how strongly what was found before leads to an id (0 to 1).
        learned: how much of use an id was (0 to 1).
    """
    union = Union(indexes)
    eligible = _eligible(union, now=microseconds(now), among=among)
    words = _lexical(union, question, eligible)
    legs = [
        Leg("lexical", words.own, weights.lexical),
        Leg("lexical_before", words.before, weights.lexical_before),
        Leg("lexical_around", words.around, weights.lexical_around),
        *_dense(union, eligible, vector=vector, likeness=likeness, weights=weights),
    ]
    legs += _boosts(union, question, legs=legs, weights=weights, now=microseconds(now))
    legs += [
        Leg(name, union.values(given), weight)
        for name, given, weight in (
            ("association", associations, weights.association),
            ("learned", learned, weights.learned),
        )
        if given and weight
    ]
    return Ranking(union, legs, eligible=eligible, expansion=words.expansion, question=question)


def _eligible(union: Union, *, now: int, among: frozenset[str] | None) -> Flags:
    eligible = union.live & (union.column(lambda table: table.expires) > now)
    if among is not None:
        eligible &= union.values(dict.fromkeys(among, 1.0)) > 0
    return eligible


class _Words(NamedTuple):
    own: Scores
    before: Scores
    around: Scores
    expansion: dict[str, float]


def _lexical(union: Union, question: Question, eligible: Flags) -> _Words:
    stems = question.weights
    own = lexical.scores(union, stems, "own")
    before, more = _expanded(union, stems, "before")
    around, others = _expanded(union, stems, "around")
    expansion = {stem: weight for stem, weight in {**others, **more}.items() if stem not in stems}
    return _Words(_scaled(own, eligible), _scaled(before, eligible), _scaled(around, eligible), expansion)


def _expanded(union: Union, stems: Mapping[str, float], reach: lexical.Reach) -> tuple[Scores, dict[str, float]]:
    wider = expanded(union, stems, reach, lexical.scores(union, stems, reach))
    return lexical.scores(union, wider, reach), wider


def _dense(
    union: Union,
    eligible: Flags,
    *,
    vector: Floats | None,
    likeness: Mapping[str, float] | None,
    weights: RecallWeights,
) -> list[Leg]:
    if vector is None and likeness is None:
        return []
    own = dense.own(union, vector, likeness)
    return [
        Leg("dense", _scaled(own.astype(float), eligible), weights.dense),
        Leg("dense_around", _scaled(dense.around(union, own).astype(float), eligible), weights.dense_around),
    ]


def _boosts(union: Union, question: Question, *, legs: Sequence[Leg], weights: RecallWeights, now: int) -> list[Leg]:
    base = np.zeros(union.count)
    for leg in legs:
        base += leg.weight * leg.values
    found = [
        Leg("neighbour", boosts.neighbour(union, base), weights.neighbour),
        Leg("thread", boosts.thread(union, base), weights.thread),
    ]
    if question.speaker:
        found.append(Leg("speaker", boosts.speaker(union, question.speaker), weights.speaker))
    if question.spans:
        found.append(Leg("date", boosts.date(union, question.spans), weights.date))
    if weights.recency:
        found.append(Leg("recency", boosts.recency(union, now), weights.recency))
    if weights.substance:
        found.append(Leg("substance", boosts.substance(union), weights.substance))
    if weights.importance:
        found.append(Leg("importance", boosts.importance(union), weights.importance))
    if weights.scope:
        found.append(Leg("scope", boosts.scope(union), weights.scope))
    return found


def _scaled(values: Scores, eligible: Flags) -> Scores:
    best = float(values.max(where=eligible, initial=0.0))
    return np.maximum(values, 0.0) / best if best > 0 else np.zeros(len(values))
