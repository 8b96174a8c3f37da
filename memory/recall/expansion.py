"""RM3: words that the best memories share are looked for besides those of the question.

The best few memories stand for what is meant; their words, weighed by how well each memory fits, are mixed with the
question's (Abdul-Jaleel et al., 2004). Rare words count more, so that no small talk is chosen, and names of those who
speak are not: they stand everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from memory.recall.columns import Scores
from memory.recall.lexical import Reach
from memory.recall.union import Union

DOCUMENTS = 5
TERMS = 15
# Share of the question's own words.
OWN = 0.5


def expanded(union: Union, weights: Mapping[str, float], reach: Reach, scores: Scores) -> dict[str, float]:
    """Return weighted stems: those of a question, and those that its best memories share.

    Args:
        union: where memories are.
        weights: stems of the question.
        reach: what counts as the text of a memory.
        scores: how well each row fits the question as it is.
    """
    found = feedback(union, reach, scores)
    if not found:
        return dict(weights)
    own, other = sum(weights.values()), sum(found.values())
    mixed: dict[str, float] = {stem: OWN * weight / own for stem, weight in weights.items()}
    for stem, weight in found.items():
        mixed[stem] = mixed.get(stem, 0.0) + (1 - OWN) * weight / other
    return mixed


def feedback(union: Union, reach: Reach, scores: Scores) -> dict[str, float]:
    """Return the heaviest stems of the best rows."""
    found: Counter[str] = Counter()
    for row in best_rows(scores, DOCUMENTS):
        counts = Counter(stem for one in _text_rows(union, row, reach) for stem in union.stems(one))
        share = scores[row] / max(counts.total(), 1)
        for stem, count in counts.items():
            found[stem] += count * share
    stems = [stem for stem in found if stem not in union.names]
    weighed = [(stem, found[stem] * rarity) for stem, rarity in zip(stems, union.rarities(stems), strict=True)]
    weighed.sort(key=lambda one: (-one[1], one[0]))
    return dict(weighed[:TERMS])


def best_rows(scores: Scores, most: int) -> list[int]:
    """Return the rows with the highest scores above 0, the best first."""
    many = min(most, len(scores))
    if not many:
        return []
    least = np.partition(scores, len(scores) - many)[len(scores) - many]
    rows = np.flatnonzero(scores >= max(least, np.finfo(float).tiny))
    return [int(row) for row in rows[np.argsort(-scores[rows], kind="stable")][:many]]


def _text_rows(union: Union, row: int, reach: Reach) -> list[int]:
    before = [] if reach == "own" else [int(union.before[row])]
    after = [int(union.after[row])] if reach == "around" else []
    return [*before, row, *after]
