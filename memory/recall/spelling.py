"""Words that no memory holds, put right by those that memories hold.

The word with the fewest slips of the pen is meant (a letter more, less, other, or two swapped); of those the one that
begins alike, and then the one that is met most often. Short words and such with digits are never touched: too much is
like them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from contracts.recall import Correction
from memory.recall import dates
from memory.recall.analysis import STOP_WORDS, stem
from memory.recall.index import ScopeIndex

LEAST_CHARS = 4
# Shorter words are corrected by one slip, longer ones by up to two.
_LONG = 8
_LONGEST = 40
_COMMON = sorted(word for word in STOP_WORDS | dates.WORDS if len(word) >= LEAST_CHARS)
_OFTEN = 2**31
_WORD = re.compile(r"(?<![\w'\u2019])[A-Za-z]+(?![\w])")


class Speller:
    """Corrects words by what some indexes hold.

    Args:
        indexes: whose words are right.
        names: of those who speak: they are right, too.
    """

    def __init__(self, indexes: Sequence[ScopeIndex], *, names: Iterable[str]) -> None:
        self._indexes = indexes
        self._names = {part.lower(): part for name in names for part in name.split()}

    def knows(self, word: str) -> bool:
        """Whether a word in small letters needs no correction."""
        return (
            not LEAST_CHARS <= len(word) <= _LONGEST
            or not word.isalpha()
            or not word.isascii()
            or word in STOP_WORDS
            or word in dates.WORDS
            or word in self._names
            or any(index.postings.holders(stem(word)) for index in self._indexes)
        )

    def meant(self, word: str) -> str | None:
        """Return what was meant by a word in small letters that is not known; None where nothing is like it."""
        slips = 1 if len(word) < _LONG else 2
        found = sorted(self._alike(word, slips))
        return found[0][-1] if found else None

    def corrected(self, text: str) -> tuple[str, tuple[Correction, ...]]:
        """Return a text with its words put right, and which words those were."""
        corrections: dict[str, str] = {}

        def put_right(found: re.Match[str]) -> str:
            word = found[0].lower()
            used = None if self.knows(word) else self.meant(word)
            if used is None:
                return found[0]
            corrections[found[0]] = used
            return used

        text = _WORD.sub(put_right, text)
        return text, tuple(Correction(word=word, used=used) for word, used in corrections.items())

    def _alike(self, word: str, slips: int) -> Iterator[tuple[int, bool, int, str]]:
        for other, distance, _ in _near(word, [*_COMMON, *self._names], slips):
            yield distance, other[0] != word[0], -_OFTEN, self._names.get(other, other)
        root = stem(word)
        for index in self._indexes:
            for length in range(len(root) - slips, len(root) + slips + 1):
                for other, distance, _ in _near(root, index.postings.of_length(length), slips):
                    often = index.postings.holders(other)
                    if often:
                        yield distance, other[0] != word[0], -often, _written(other, root, word)


def _near(word: str, choices: Sequence[str], slips: int) -> list[tuple[str, int, int]]:
    return process.extract(word, choices, scorer=OSA.distance, score_cutoff=slips, limit=None)


def _written(other: str, root: str, word: str) -> str:
    """Return a stem as it may be written: with the ending that the word has."""
    if word.startswith(root):
        return other + word[len(root) :]
    return other[:-1] + "y" if other.endswith("i") else other
