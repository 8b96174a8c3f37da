"""LongMemEval's questions: each has a haystack of sessions of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from perdure.recall_bench.material import Conversation, Question, Turn

_ABSTENTION = "_abs"


def conversation(sample: dict[str, Any]) -> Conversation:
    """Return an instance as a conversation with one question; with none where nothing in it answers.

    Raises:
        KeyError, TypeError, ValueError: something is missing, or not what it should be.
    """
    turns, evidence = [], []
    for turn, answers in _turns(sample):
        turns.append(turn)
        evidence += [turn.id] if answers else []
    question = Question(
        text=sample["question"],
        category=sample["question_type"],
        evidence=frozenset(evidence),
        sessions=frozenset(sample["answer_session_ids"]),
        asked_at=_time(sample.get("question_date")),
    )
    unanswered = str(sample["question_id"]).endswith(_ABSTENTION) or not (question.evidence or question.sessions)
    return Conversation(
        name=str(sample["question_id"]), turns=tuple(turns), questions=() if unanswered else (question,)
    )


def _turns(sample: dict[str, Any]) -> Iterator[tuple[Turn, bool]]:
    ids, dates = sample["haystack_session_ids"], sample["haystack_dates"]
    for place, (thread, date, session) in enumerate(zip(ids, dates, sample["haystack_sessions"], strict=True)):
        for position, turn in enumerate(session, start=1):
            if not turn["content"].strip():
                continue
            yield (
                Turn(
                    id=f"{place}:{position}",
                    text=turn["content"],
                    speaker=turn["role"],
                    thread=str(thread),
                    position=position,
                    at=_time(date),
                ),
                bool(turn.get("has_answer")),
            )


def _time(text: str | None) -> datetime | None:
    """Return a time such as "2023/05/20 (Sat) 02:21"; the weekday says nothing more."""
    if text is None:
        return None
    day, *rest = text.split()
    return datetime.strptime(f"{day} {rest[-1] if rest else '00:00'}", "%Y/%m/%d %H:%M").replace(tzinfo=UTC)
