"""The legs of one search: what each gives to each memory, and what it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from contracts.recall import RecallWeights
from memory.recall import boosts, dense
from memory.recall.columns import Flags, Floats, Scores
from memory.recall.expansion import expanded
from memory.recall.lexical import Lexical
from memory.recall.questions import Question
from memory.recall.union import Union


class Leg(NamedTuple):
    """One leg or boost: a value for each row, and what it counts."""

    name: str
    values: Scores
    weight: float


class Legs:
    """Collects legs; those that count nothing are not worked out.

    Args:
        union: where memories are.
        eligible: rows that may be found; the best one of them has the value 1.
        weights: what counts how much; a leg's name is the name of its weight.

    Attributes:
        all: in the order in which they were added.
        total: what they give to each row.
        expansion: stems that were looked for besides those of the question.
    """

    def __init__(self, union: Union, eligible: Flags, weights: RecallWeights) -> None:
        self.all: list[Leg] = []
        self.expansion: dict[str, float] = {}
        self._union = union
        self._eligible = eligible
        self._weights = weights
        self.total: Scores = np.zeros(union.count)

    def add(self, name: str, values: Callable[[], Scores]) -> None:
        """Add a leg whose values are as they are to count."""
        weight = float(getattr(self._weights, name))
        if weight > 0:
            leg = Leg(name, values(), weight)
            self.all.append(leg)
            self.total += leg.weight * leg.values

    def add_words(self, question: Question) -> None:
        """Add what the words of a question find, and words that are met with them."""
        stems = question.weights
        if not stems:
            return
        lexical = Lexical(self._union)
        self.add("lexical", lambda: self._scaled(lexical.scores(stems, "own")))
        if not self._weights.lexical_before + self._weights.lexical_around:
            return
        wider = expanded(lexical, stems)
        self.expansion = {stem: weight for stem, weight in wider.items() if stem not in stems}
        self.add("lexical_before", lambda: self._scaled(lexical.scores(wider, "before")))
        self.add("lexical_around", lambda: self._scaled(lexical.scores(wider, "around")))

    def add_meaning(self, vector: Floats | None, likeness: Mapping[str, float] | None) -> None:
        """Add what is like a vector, or what a server found to be."""
        if vector is None and likeness is None:
            return
        own = dense.own(self._union, vector, likeness)
        self.add("dense", lambda: self._scaled(own))
        self.add("dense_around", lambda: self._scaled(dense.around(self._union, own)))

    def add_company(self) -> None:
        """Add what the neighbours and the thread of each memory give it, from the legs so far."""
        found = self.total.copy()
        if found.any():
            self.add("neighbour", lambda: boosts.neighbour(self._union, found))
            self.add("thread", lambda: boosts.thread(self._union, found))

    def add_clues(self, question: Question) -> None:
        """Add whom and when a question names."""
        name = question.speaker
        if name is not None:
            self.add("speaker", lambda: boosts.speaker(self._union, name))
        if question.spans:
            self.add("date", lambda: boosts.date(self._union, question.spans))

    def add_worth(self, now: int) -> None:
        """Add what makes a memory worth more, whatever is asked.

        Args:
            now: microseconds since 1970.
        """
        self.add("substance", lambda: boosts.substance(self._union))
        self.add("recency", lambda: boosts.recency(self._union, now))
        self.add("importance", lambda: boosts.importance(self._union))
        self.add("scope", lambda: boosts.scope(self._union))

    def _scaled(self, values: Scores | Floats) -> Scores:
        best = float(values.max(where=self._eligible, initial=0.0))
        return np.maximum(values.astype(np.float64), 0.0) / best if best > 0 else np.zeros(len(values))
