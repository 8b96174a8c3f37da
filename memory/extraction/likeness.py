"""How alike two statements are, by their words: what is the same, what says more, what differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein

from memory.extraction.words import STOPPED, is_negated, plain, stem, words

_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_MONTHS = "january february march april may june july august september october november december"
_CALENDAR = frozenset(f"{_DAYS} {_MONTHS}".split())
# Said again in other words; what is compared to be merged must be exact.
_LIKED = frozenset({"prefer", "want", "favour", "fond", "keen"})
# Shorter words differ by one letter and mean something else.
_TYPO_CHARS = 5


@dataclass(frozen=True, slots=True)
class Gist:
    """What a text is about.

    Attributes:
        stems: of its words, without those that say nothing by themselves.
        particulars: numbers, days and months, names inside the sentence: who differs in them says something else.
        negated: whether it says no.
    """

    stems: frozenset[str]
    particulars: frozenset[str]
    negated: bool


@lru_cache(maxsize=4_096)
def gist(text: str) -> Gist:
    """Return what a text is about."""
    found = words(text)
    lower = [plain(word) for word in found]
    stems = frozenset(stem(word) for word in lower if word.removesuffix("'s") not in STOPPED and not is_negated(word))
    negated = sum(map(is_negated, lower)) % 2 == 1
    return Gist(stems, frozenset(_particulars(found)), negated)


def _particulars(found: list[str]) -> Iterable[str]:
    for place, word in enumerate(found):
        lower = plain(word).removesuffix("'s")
        if (
            any(letter.isdigit() for letter in lower)
            or lower in _CALENDAR
            or (place > 0 and word[0].isupper() and lower not in STOPPED)
        ):
            yield lower


def likeness(one: str, other: str) -> float:
    """Return how many of their words two texts share, from 0 to 1; mistyped words are the same."""
    first, second = gist(one).stems, gist(other).stems
    if not first or not second:
        return float(plain(one) == plain(other))
    lacking = _lacking(first, second)
    return (2 * (len(first) - len(lacking))) / (len(first) + len(second))


def holds(whole: str, part: str) -> bool:
    """Whether a text says all that another says: the same words, numbers, names, and yes or no."""
    outer, inner = gist(whole), gist(part)
    if not inner.stems or outer.negated != inner.negated:
        return plain(part) in plain(whole)
    return not inner.particulars - _bare(whole) and not _lacking(inner.stems, outer.stems)


def repeats(line: str, text: str, *, slack: float = 0.0) -> bool:
    """Whether a text says nothing that a line does not say already.

    Args:
        line: what was said before.
        text: what is said now.
        slack: which share of the text's words may be others, where all that the line says is in the text.
    """
    if plain(text).rstrip(".!") in plain(line):
        return True
    outer, inner = gist(line), gist(text)
    if len(inner.stems) < 2 or outer.negated != inner.negated or _lacking(inner.particulars, frozenset(_bare(line))):
        return False
    before, now = _loose(outer.stems), _loose(inner.stems)
    lacking = _lacking(now, before)
    return not lacking or (len(lacking) <= slack * len(now) and not _lacking(before, now))


def _loose(stems: frozenset[str]) -> frozenset[str]:
    return frozenset("like" if stem in _LIKED else stem for stem in stems)


def _bare(text: str) -> set[str]:
    return {plain(word).removesuffix("'s") for word in words(text)}


def _lacking(stems: frozenset[str], among: frozenset[str]) -> set[str]:
    return {word for word in stems - among if not any(_mistyped(word, other) for other in among - stems)}


def _mistyped(word: str, other: str) -> bool:
    if min(len(word), len(other)) < _TYPO_CHARS or not (word + other).isalpha():
        return False
    return DamerauLevenshtein.distance(word, other, score_cutoff=1) <= 1
