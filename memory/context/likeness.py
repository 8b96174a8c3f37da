"""Whether two texts say the same, so that an agent need not be told twice."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"\w+")
_ALIKE = 0.85
# One of these makes another statement of it, however alike the rest is; so does another number.
_TURNING = frozenset({"not", "no", "never", "none", "without", "t"})


@dataclass(frozen=True)
class Wording:
    """The words of a text."""

    words: frozenset[str]
    turning: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Wording:
        """Take a text apart."""
        words = frozenset(_WORD.findall(text.casefold()))
        return cls(words, frozenset(word for word in words if word in _TURNING or any(map(str.isdigit, word))))

    def repeats(self, other: Wording) -> bool:
        """Whether both say the same in nearly the same words."""
        if self.turning != other.turning:
            return False
        return len(self.words & other.words) >= _ALIKE * len(self.words | other.words)
