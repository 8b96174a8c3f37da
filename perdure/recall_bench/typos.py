"""Typing errors in one or two words of a question, the same for the same seed."""

from __future__ import annotations

import re
import string
from random import Random

_WORD = re.compile(r"[^\W\d_]{4,}")


def mistyped(text: str, seed: int) -> str:
    """Return a text with one letter wrong in one or two of its words of four letters and more."""
    choice = Random(f"{seed} {text}")
    words = list(_WORD.finditer(text))
    picked = choice.sample(words, min(len(words), choice.choice((1, 2))))
    for word in sorted(picked, key=re.Match.start, reverse=True):
        text = text[: word.start()] + _wrong(word[0], choice) + text[word.end() :]
    return text


def _wrong(word: str, choice: Random) -> str:
    # The first letter is seldom the wrong one.
    place = choice.randrange(1, len(word) - 1)
    other = choice.choice(string.ascii_lowercase.replace(word[place].lower(), ""))
    return choice.choice(
        (
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
            word[:place] + word[place + 1 :],
            word[:place] + other + word[place:],
            word[:place] + other + word[place + 1 :],
        )
    )
