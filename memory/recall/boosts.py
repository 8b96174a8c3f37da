"""What is added to a score besides what the words and the meaning of a memory give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memory.recall.columns import Rows, Scores
from memory.recall.dates import DAY, Span
from memory.recall.threads import NOBODY
from memory.recall.union import Union

HALF_LIFE = 30 * DAY
AFTER = 7 * DAY
# Of so many best memories the threads are weighed.
_CANDIDATES = 1_000
_OF_THREAD = 3
# Sum of rarities of the words of a full sentence or two.
_MUCH = 40.0


def neighbour(union: Union, scores: Scores) -> Scores:
    """Return how well the better one of two neighbours fits."""
    padded = union.padded(scores)
    return np.asarray(np.maximum(padded[union.before], padded[union.after]))


def thread(union: Union, scores: Scores) -> Scores:
    """Return how well the best three memories of its thread fit, on average."""
    threads = union.threads
    best = _best(scores)
    numbers = threads[best]
    # Sorted by thread, the best first: a place among the first three of its thread counts.
    order = np.argsort(numbers, kind="stable")
    numbers, values = numbers[order], scores[best[order]]
    place = np.arange(len(numbers)) - np.searchsorted(numbers, numbers)
    counted = (place < _OF_THREAD) & (numbers != NOBODY)
    sums = np.bincount(numbers[counted], values[counted], minlength=len(union.thread_sizes))
    means = sums / np.minimum(_OF_THREAD, union.thread_sizes)
    means[NOBODY] = 0.0
    return np.asarray(means[threads])


def _best(scores: Scores) -> Rows:
    """Return the rows with the highest scores, the best first."""
    rows = np.arange(len(scores))
    if len(scores) > _CANDIDATES:
        rows = np.flatnonzero(scores >= np.partition(scores, len(scores) - _CANDIDATES)[len(scores) - _CANDIDATES])
    return np.asarray(rows[np.argsort(-scores[rows], kind="stable")])


def speaker(union: Union, name: str) -> Scores:
    """Return 1 for what one person said."""
    numbers = [index.speakers.index(name) if name in index.speakers else -2 for index in union.indexes]
    columns = [index.table.speaker.values == number for index, number in zip(union.indexes, numbers, strict=True)]
    return np.concatenate(columns).astype(float)


def date(union: Union, spans: Sequence[Span]) -> Scores:
    """Return 1 for what happened in one of some times; within a week behind it, what is told of it later, less."""
    when = union.when
    value = np.zeros(union.count)
    for span in spans:
        late = np.clip((when - span.end + 1) / AFTER, 0.0, 1.0)
        value = np.maximum(value, np.where(when >= span.start, 1.0 - late, 0.0))
    return value


def recency(union: Union, now: int) -> Scores:
    """Return how new each is: 1 now, half of it after each 30 days."""
    age = np.maximum(now - union.when, 0)
    return np.asarray(0.5 ** (age / HALF_LIFE))


def substance(union: Union) -> Scores:
    """Return how much each says, from the rarity of its words: 0 for nothing, 1 for a full sentence or two."""
    said = [index.postings.said(len(index)) for index in union.indexes]
    return np.minimum(1.0, np.concatenate(said) / _MUCH)


def importance(union: Union) -> Scores:
    """Return how important each is."""
    return union.column(lambda table: table.importance).astype(float)


def scope(union: Union) -> Scores:
    """Return 1 for the most particular scope, and evenly less for each one behind it."""
    many = len(union.indexes)
    sizes = np.diff(union.starts)
    return np.repeat(1 - np.arange(many) / max(many, 1), sizes)
