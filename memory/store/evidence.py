"""What is known of a question beside its words, when it is ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from memory.recall.columns import Floats
from memory.recall.index import ScopeIndex
from memory.recall.questions import Question
from memory.recall.ranking import Ranking, rank
from memory.store.search_request import SearchRequest


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """See `memory.recall.ranking.rank`."""

    vector: Floats | None = None
    among: frozenset[str] | None = None
    likeness: Mapping[str, float] | None = None
    learned: Mapping[str, float] | None = None
    associations: Mapping[str, float] | None = None

    def rank(self, request: SearchRequest, indexes: Sequence[ScopeIndex], question: Question) -> Ranking:
        """Rank what is in the indexes."""
        return rank(
            indexes,
            question,
            vector=self.vector,
            weights=request.weights,
            now=request.now,
            among=self.among,
            likeness=self.likeness,
            associations=self.associations,
            learned=self.learned,
        )
