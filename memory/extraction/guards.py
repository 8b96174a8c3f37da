"""What stands between an extractor and the memory, whichever extractor it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from contracts.memories import checked_text
from contracts.remembering import Candidate, ExtractionRequest, Utterance
from memory.extraction.likeness import repeats
from memory.extraction.orders import is_attack, is_order
from memory.extraction.secrets import holds_secret

MOST_LEARNED = 50
_MOST_CHARS = 2_000
# Below that somebody must decide.
_SURE = 0.5
# Agents put what they were told into other words; what a person adds to it is new.
_AGENTS_SLACK = 0.34
_SOURCE = re.compile(r"^\s*-?\s*(?:\[[^\]]*\]\s*)?")

Reason = Literal["without a source", "secret", "told before", "no text", "too many"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A candidate that may be remembered.

    Attributes:
        candidate: what was found.
        by_user: whether a person said it.
        doubt: why somebody must decide; None where nobody need.
    """

    candidate: Candidate
    by_user: bool
    doubt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """What may be remembered, and how much may not, by reason."""

    checked: tuple[Checked, ...]
    refused: Counter[Reason]


def guarded(candidates: Sequence[Candidate], request: ExtractionRequest) -> Guarded:
    """Return what of an extractor's findings may be remembered.

    Args:
        candidates: what it found.
        request: the conversation, and what the agents were told beforehand.
    """
    said = {utterance.index: utterance for utterance in request.utterances}
    lines = tuple(_SOURCE.sub("", line) for line in request.injected)
    refused: Counter[Reason] = Counter()
    checked: list[Checked] = []
    for candidate in candidates:
        sources = tuple(said[index] for index in candidate.messages if index in said)
        reason = _refusal(candidate, sources, lines)
        if reason is None:
            checked.append(_checked(candidate, sources))
        else:
            refused[reason] += 1
    return Guarded(checked=_first(checked, refused), refused=refused)


def _first(checked: list[Checked], refused: Counter[Reason]) -> tuple[Checked, ...]:
    """Keep as many as one run may leave: the sure ones before those in doubt."""
    if len(checked) <= MOST_LEARNED:
        return tuple(checked)
    refused["too many"] += len(checked) - MOST_LEARNED
    ranked = sorted(range(len(checked)), key=lambda place: (checked[place].doubt is not None, place))
    return tuple(checked[place] for place in sorted(ranked[:MOST_LEARNED]))


def _refusal(candidate: Candidate, sources: Sequence[Utterance], lines: Iterable[str]) -> Reason | None:
    if not sources:
        return "without a source"
    if not _is_text(candidate.text):
        return "no text"
    if holds_secret(candidate.text):
        return "secret"
    slack = 0.0 if _by_user(sources) else _AGENTS_SLACK
    if any(repeats(line, candidate.text, slack=slack) for line in lines):
        return "told before"
    return None


def _is_text(text: str) -> bool:
    try:
        return len(checked_text(text)) <= _MOST_CHARS
    except ValueError:  # it holds what no memory may hold
        return False


def _checked(candidate: Candidate, sources: Sequence[Utterance]) -> Checked:
    by_user = _by_user(sources)
    return Checked(candidate=candidate, by_user=by_user, doubt=_doubt(candidate, by_user=by_user))


def _doubt(candidate: Candidate, *, by_user: bool) -> str | None:
    if is_attack(candidate.text):
        return "it tries to undo what agents are told"
    if not by_user and (is_order(candidate.text) or candidate.kind == "procedural"):
        return "it tells agents what to do, and no person said so"
    if candidate.confidence < _SURE:
        return f"the extractor is not sure of it ({candidate.confidence:.2f})"
    return None


def _by_user(sources: Sequence[Utterance]) -> bool:
    return any(utterance.role == "user" for utterance in sources)
