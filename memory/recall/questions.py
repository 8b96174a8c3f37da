"""What a question asks for: words, a person, a time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.recall import Correction
from memory.recall.analysis import STOP_WORDS, stem, words_of
from memory.recall.dates import Span
from memory.recall.index import ScopeIndex


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question, taken apart.

    Attributes:
        stems: what is looked for, corrected, in order.
        embedded: the text to embed, without the names of those who speak in memories; "" where nothing is left.
        named: speakers that it names.
        spans: times that it names.
    """

    text: str
    stems: tuple[str, ...]
    embedded: str
    named: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    corrections: tuple[Correction, ...] = ()

    @property
    def speaker(self) -> str | None:
        """The one speaker that it names; None where it names none, or several."""
        return self.named[0] if len(self.named) == 1 else None

    @property
    def counts(self) -> dict[str, float]:
        """How often it holds each stem."""
        return {stem: float(count) for stem, count in Counter(self.stems).items()}


def asked(text: str, indexes: Sequence[ScopeIndex], *, now: datetime) -> Question:
    """Return what a text asks these indexes for.

    Args:
        text: what somebody wants to know; empty for what is latest.
        indexes: where it will be looked for; their words and speakers count.
        now: what "yesterday" is counted from.
    """
    named = tuple(sorted({name for index in indexes for name in index.speakers if _names(text, name)}))
    words = [word for word in words_of(text) if word not in STOP_WORDS]
    return Question(text=text, stems=tuple(map(stem, words)), embedded=_without(text, named), named=named)


def _names(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def _without(text: str, names: Sequence[str]) -> str:
    for name in names:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)(?:['\u2019]s)?", " ", text, flags=re.IGNORECASE)
    return " ".join(text.split())
