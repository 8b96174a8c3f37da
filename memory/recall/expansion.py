"""RM3: words that the best memories share are looked for besides those of the question.

The best few memories stand for what is meant; their words, weighed by how well each memory fits, are mixed with the
question's (Abdul-Jaleel et al., 2004). Rare words count more, so that no small talk is chosen, and names of those who
speak are not: they stand everywhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from memory.recall.columns import Scores
from memory.recall.lexical import Lexical
from memory.recall.union import Union

DOCUMENTS = 5
TERMS = 15
# Share of the question's own words.
OWN = 0.5


def expanded(lexical: Lexical, weights: Mapping[str, float]) -> dict[str, float]:
    """Return weighted stems: those of a question, and those that its best memories share with their neighbours.

    Args:
        lexical: finds them.
        weights: stems of the question.
    """
    found = _shared(lexical.union, lexical.scores(weights, "around"))
    if not found:
        return dict(weights)
    own, other = sum(weights.values()), sum(found.values())
    mixed = {stem: OWN * weight / own for stem, weight in weights.items()}
    for stem, weight in found.items():
        mixed[stem] = mixed.get(stem, 0.0) + (1 - OWN) * weight / other
    return mixed


def _shared(union: Union, scores: Scores) -> dict[str, float]:
    """Return the heaviest stems of the best rows."""
    found: defaultdict[str, float] = defaultdict(float)
    for row, score in _best(scores):
        around = (int(union.before[row]), row, int(union.after[row]))
        counts = Counter(stem for one in around for stem in union.stems(one))
        share = score / max(counts.total(), 1)
        for stem, count in counts.items():
            found[stem] += count * share
    stems = [stem for stem in found if stem not in union.names]
    weighed = [(stem, found[stem] * rarity) for stem, rarity in zip(stems, union.rarities(stems), strict=True)]
    weighed.sort(key=lambda one: (-one[1], one[0]))
    return dict(weighed[:TERMS])


def _best(scores: Scores) -> Iterator[tuple[int, float]]:
    left = scores.copy()
    for _ in range(min(DOCUMENTS, len(scores))):
        row = int(left.argmax())
        if left[row] <= 0:
            return
        yield row, float(left[row])
        left[row] = 0
