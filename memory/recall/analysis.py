"""Words and stems of a text, the same for memories and for questions.

Stop words are left out, so stems are kept small and lengths count what says something. Words are split at apostrophes;
a script that writes no spaces is cut into pairs of characters; a symbol such as an emoji is a word of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from threading import Lock

from snowballstemmer import stemmer  # type: ignore[import-untyped]

MAX_WORD_CHARS = 64

# Small words, and those of small talk.
_STOP_WORDS = (
    "a about after again all also am an and any are aren as at awesome be because been before being but by can cannot "
    "cool could couldn d did didn do does doesn doing don during each else even few for from further get gets getting "
    "glad go goes going good got great had hadn has hasn have haven having he hello her here hers herself hey hi him "
    "himself his how i if in into is isn it its itself just kind like ll lot m many may me might more most much must "
    "my myself nice no nor not now of off oh ok okay on once only or other our ours ourselves out over own re really s "
    "same shall she should shouldn so some such sure t than thank thanks that the their theirs them themselves then "
    "there these they thing things this those through to too under until up us ve very want was wasn way we well were "
    "weren what when where which while who whom whose why will with would wouldn wow yeah yes you your yours yourself "
    "yourselves "
)
STOP_WORDS = frozenset(_STOP_WORDS.split())

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_SYMBOLS = "\u2190-\u2bff\U0001f000-\U0001faff"
_WORD = re.compile(rf"[^\W_{_UNSPACED}]+|[{_UNSPACED}]+|[{_SYMBOLS}]")
_NEGATED = re.compile(r"\b\w+n['\u2019]t\b")
_FIRST_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_STEMMER = stemmer("english")
_STEMMING = Lock()


def plain(text: str) -> str:
    """Return a text in small letters without accents, in one way of writing characters."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(mark for mark in apart if not unicodedata.combining(mark)))


def words_of(text: str) -> Iterator[str]:
    """Yield the words of a text in order, stop words too."""
    for found in _WORD.finditer(_NEGATED.sub(" ", plain(text))):
        word = found[0]
        if len(word) > 2 and _FIRST_UNSPACED.match(word):
            yield from (word[start : start + 2] for start in range(len(word) - 1))
        else:
            yield word[:MAX_WORD_CHARS]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return the stem of a word in small letters."""
    # The stemmer keeps the word that it works on in itself.
    with _STEMMING:
        return str(_STEMMER.stemWord(word))


def stems_of(text: str) -> tuple[str, ...]:
    """Return the stems of a text in order, without stop words."""
    return tuple(stem(word) for word in words_of(text) if word not in STOP_WORDS)


def embedded_text(text: str, speaker: str | None) -> str:
    """Return what is embedded for a memory: its text without the name of who speaks before it."""
    if speaker is None:
        return text
    bare = re.sub(rf"^\s*{re.escape(speaker)}\s*[:>]\s*", "", text, flags=re.IGNORECASE)
    return bare if bare.strip() else text
