"""Words that neither memories hold nor English has, put right.

The word with the fewest slips of the pen is meant (a letter more, less, other, or two swapped); of those one that
begins alike, then one that memories hold, then the one that is met most often. Short words and such with digits are
never touched: too much is like them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from contracts.recall import Correction
from memory.recall import dates
from memory.recall.analysis import STOP_WORDS, stem
from memory.recall.index import ScopeIndex

LEAST_CHARS = 4
# Of a long text the first unknown words are tried: each takes milliseconds.
MOST_WORDS = 16
# Shorter words are corrected by one slip, longer ones by up to two.
_LONG = 8
_LONGEST = 40
_COMMON = sorted(word for word in STOP_WORDS | dates.WORDS if len(word) >= LEAST_CHARS)
_WORD = re.compile(r"(?<![\w'\u2019])[A-Za-z]+(?!\w)")


@cache
def english() -> dict[str, int]:
    """Return usual English words, each with its place by frequency.

    `english.txt` has them in this order: the whole words of BERT's uncased vocabulary (Apache License 2.0).
    """
    words = files("memory.recall").joinpath("english.txt").read_text(encoding="ascii").split()
    return {word: place for place, word in enumerate(words)}


@cache
def _english_by_length() -> dict[int, list[str]]:
    words: defaultdict[int, list[str]] = defaultdict(list)
    for word in english():
        words[len(word)].append(word)
    return dict(words)


class _Guess(NamedTuple):
    """What may be meant; the least one is."""

    slips: int
    begins_otherwise: bool
    unheard: bool
    seldom: int
    word: str


class Speller:
    """Corrects words by what some indexes hold.

    Args:
        indexes: whose words are right.
        names: of those who speak, in small letters: they are right, too.
    """

    def __init__(self, indexes: Sequence[ScopeIndex], *, names: Iterable[str]) -> None:
        self._indexes = indexes
        self._names = {part: part.capitalize() for name in names for part in name.split()}

    def corrected(self, text: str) -> tuple[str, tuple[Correction, ...]]:
        """Return a text with its words put right, and which words those were."""
        corrections: dict[str, str] = {}
        tried: set[str] = set()

        def put_right(found: re.Match[str]) -> str:
            word = found[0].lower()
            if self.knows(word) or len(tried | {word}) > MOST_WORDS:
                return found[0]
            tried.add(word)
            used = self.meant(word)
            if used is None:
                return found[0]
            corrections[found[0]] = used
            return used

        text = _WORD.sub(put_right, text)
        return text, tuple(Correction(word=word, used=used) for word, used in corrections.items())

    def knows(self, word: str) -> bool:
        """Whether a word in small letters needs no correction."""
        return (
            not LEAST_CHARS <= len(word) <= _LONGEST
            or word in STOP_WORDS
            or word in dates.WORDS
            or word in self._names
            or word in english()
            or stem(word) in english()
            or any(index.postings.holders(stem(word)) for index in self._indexes)
        )

    def meant(self, word: str) -> str | None:
        """Return what was meant by a word in small letters that is not known; None where nothing is like it."""
        guesses = (guess for guess in self._guesses(word) if guess.slips == 1 or not guess.begins_otherwise)
        found = min(guesses, default=None)
        # A slip in a small word is not worth a guess: most that is like one is another word, written right.
        return None if found is None or found.word in STOP_WORDS else found.word

    def _guesses(self, word: str) -> Iterator[_Guess]:
        root = stem(word)
        slips = 1 if len(root) < _LONG else 2
        for other, distance, _ in _near(word, [*_COMMON, *self._names], slips):
            yield _Guess(distance, other[0] != word[0], False, 0, self._names.get(other, other))
        usual = _usual(word, slips)
        for other, distance in usual.items():
            yield _Guess(distance, other[0] != word[0], True, english()[other], other)
        written = {stem(other): other for other in reversed(usual)}
        for index in self._indexes:
            for other, distance in _of_lengths(root, slips, index):
                often = index.postings.holders(other)
                if often:
                    yield _Guess(distance, other[0] != word[0], False, -often, written.get(other, other))


def _usual(word: str, slips: int) -> dict[str, int]:
    lengths = range(len(word) - slips, len(word) + slips + 1)
    choices = _english_by_length()
    near = [one for length in lengths for one in _near(word, choices.get(length, ()), slips)]
    return {other: distance for other, distance, _ in sorted(near, key=lambda one: one[1])}


def _of_lengths(root: str, slips: int, index: ScopeIndex) -> Iterator[tuple[str, int]]:
    for length in range(len(root) - slips, len(root) + slips + 1):
        for other, distance, _ in _near(root, index.postings.of_length(length), slips):
            yield other, distance


def _near(word: str, choices: Sequence[str], slips: int) -> list[tuple[str, int, int]]:
    return process.extract(word, choices, scorer=OSA.distance, score_cutoff=slips, limit=None)
