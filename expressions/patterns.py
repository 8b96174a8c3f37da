"""Regular expressions of `matches()`. The engine's run in linear time, but large ones take long to build."""

from __future__ import annotations

import math
import re

MAX_CHARACTERS = 200
# Work of building a pattern, in units of 60 ns (measured): each class of Unicode characters, each other sign, the rest.
_CLASS, _SIGN, _BASE = 5_000, 70, 150
_MOST_WORK = 200_000

_COUNTED = re.compile(r"\{(\d*),?(\d*)\}")
_CLASSES = re.compile(r"\\[wWdDsSpP]")


def work(pattern: str) -> int:
    """Return how much work it is to build a pattern once, in units of 60 ns; never too little."""
    # Counted repetitions copy what they repeat, and they may be nested: so their counts are multiplied.
    copies = math.prod(_copies(match) for match in _COUNTED.finditer(pattern))
    classes = len(_CLASSES.findall(pattern))
    return _BASE + copies * (classes * _CLASS + len(pattern) * _SIGN)


def fault(pattern: str) -> str | None:
    """Return why a pattern is refused before it is built; None where it is not."""
    if len(pattern) > MAX_CHARACTERS:
        return f"the pattern has {len(pattern)} characters, at most {MAX_CHARACTERS} are allowed"
    if work(pattern) > _MOST_WORK:
        return "the pattern takes too long to build: repeat less in it (a count such as {50} copies its part)"
    return None


def _copies(match: re.Match[str]) -> int:
    counts = [int(count) for count in match.groups() if count]
    return min(max([1, *counts]), 10**6)


def matching(pattern: str, characters: int) -> int:
    """Return how much work it is to match a text with so many characters, in units of 60 ns."""
    copies = math.prod(_copies(match) for match in _COUNTED.finditer(pattern))
    return characters * (1 + copies * len(pattern) // 20)
