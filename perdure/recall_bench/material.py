"""What recall is measured on: conversations, and questions whose evidence is known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from contracts.errors import BadRequest

LOCOMO = "LoCoMo"
LONGMEMEVAL = "LongMemEval"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One turn of a conversation.

    Attributes:
        id: unique in its conversation.
        thread: the session that it belongs to; `position` counts from 1 in it.
    """

    id: str
    text: str
    speaker: str | None
    thread: str
    position: int
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question, and the ids of the turns that answer it.

    Attributes:
        sessions: the threads in which the answer stands.
        asked_at: when it is asked; None where the data do not say.
    """

    text: str
    category: str
    evidence: frozenset[str]
    sessions: frozenset[str]
    asked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A long conversation, and what is asked about it."""

    name: str
    turns: tuple[Turn, ...]
    questions: tuple[Question, ...]


def load(path: Path) -> list[Conversation]:
    """Return the conversations of a file of LoCoMo's or LongMemEval's.

    Raises:
        BadRequest: the file cannot be read, or is neither.
    """
    samples = _samples(path)
    try:
        return list(_read(samples, path))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadRequest(
            f"the data in {str(path)!r} are broken ({type(error).__name__}: {error}): get the file anew from its source"
        ) from error


def _samples(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadRequest(f"the data {str(path)!r} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise BadRequest(f"the data {str(path)!r} are no JSON: {error}") from error
    if not isinstance(found, list) or not found or not all(isinstance(sample, dict) for sample in found):
        raise BadRequest(f"the data {str(path)!r} must be a list of samples, as of {LOCOMO} or {LONGMEMEVAL}")
    return found


def _read(samples: Sequence[dict[str, Any]], path: Path) -> Iterator[Conversation]:
    from perdure.recall_bench import locomo, longmemeval

    if {"conversation", "qa"} <= samples[0].keys():
        return map(locomo.conversation, samples)
    if {"haystack_sessions", "question"} <= samples[0].keys():
        return map(longmemeval.conversation, samples)
    raise BadRequest(
        f"the data {str(path)!r} are of no known kind, the first sample has {', '.join(sorted(samples[0]))[:200]}:"
        f" {LOCOMO} has 'conversation' and 'qa', {LONGMEMEVAL} has 'haystack_sessions' and 'question'"
    )


def chosen(conversations: Sequence[Conversation], numbers: str | None, *, questions: int | None) -> list[Conversation]:
    """Return some of the conversations, with some of their questions, spread evenly.

    Args:
        conversations: all of them.
        numbers: which ones, from 1, such as "1-5,8"; None is all.
        questions: how many of each at most; None is all.

    Raises:
        BadRequest: the numbers cannot be read, or are not there.
    """
    wanted = range(1, len(conversations) + 1) if numbers is None else _numbers(numbers, most=len(conversations))
    return [_limited(conversations[number - 1], questions) for number in wanted]


def _numbers(text: str, *, most: int) -> list[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.strip().isdecimal() or (last and not last.strip().isdecimal()):
            raise BadRequest(f"the conversations {text!r} cannot be read: write numbers from 1, such as 1-5,8")
        found |= set(range(int(first), int(last or first) + 1))
    if not found or min(found) < 1 or max(found) > most:
        raise BadRequest(f"the conversations {text!r} are not all there: the data have 1 to {most}")
    return sorted(found)


def _limited(conversation: Conversation, questions: int | None) -> Conversation:
    many = len(conversation.questions)
    if questions is None or questions >= many:
        return conversation
    picked = tuple(conversation.questions[place * many // questions] for place in range(questions))
    return replace(conversation, questions=picked)
