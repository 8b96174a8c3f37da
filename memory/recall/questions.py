"""What a question asks for: words, a person, a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.recall import Correction
from memory.recall.analysis import stems_of
from memory.recall.dates import Span, spans_of
from memory.recall.index import ScopeIndex
from memory.recall.names import forms_of, named_in, without
from memory.recall.spelling import Speller
from memory.state.rows import moment

# Who is named by a question speaks in what is looked for: others say the name there, or greet with it.
NAMED = 0.5


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
    def weights(self) -> dict[str, float]:
        """How much each stem counts: as often as it stands there; a name that it names less, see `NAMED`."""
        names = {stem for name in self.named for stem in stems_of(name)}
        return {stem: count * (NAMED if stem in names else 1.0) for stem, count in Counter(self.stems).items()}


def asked(text: str, indexes: Sequence[ScopeIndex], *, now: datetime) -> Question:
    """Return what a text asks these indexes for.

    Args:
        text: what somebody wants to know; empty for what is latest.
        indexes: where it will be looked for; their words and speakers count.
        now: what "yesterday" is counted from.
    """
    forms = forms_of({name for index in indexes for name in index.heard})
    right, corrections = Speller(indexes, names=forms).corrected(text)
    named = named_in(right, forms)
    return Question(
        text=text,
        stems=stems_of(right),
        embedded=without(right, named),
        named=tuple(sorted(set(named.values()))),
        spans=_spans(right, indexes, now=now),
        corrections=corrections,
    )


def _spans(text: str, indexes: Sequence[ScopeIndex], *, now: datetime) -> tuple[Span, ...]:
    told = [index.told for index in indexes if index.told]
    if not told:
        return ()
    return spans_of(text, now=now, first=moment(min(told)[0]), last=moment(max(last for _, last in told)))
