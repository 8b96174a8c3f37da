"""LoCoMo's conversations (`locomo10.json`, CC BY-NC 4.0), and data of our own that have its format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from perdure.recall_bench.material import Conversation, Question, Turn

CATEGORIES = {1: "1 multi-hop", 2: "2 temporal", 3: "3 open-domain", 4: "4 single-hop"}
_SESSION = re.compile(r"session_(\d+)")
# Some ids are joined in one text, have a colon too many, or a zero in front.
_EVIDENCE = re.compile(r"D:?(\d+):(\d+)")


def conversation(sample: dict[str, Any]) -> Conversation:
    """Return a sample as a conversation: its sessions are those that have turns, its questions those with evidence.

    Raises:
        KeyError, TypeError, ValueError: something is missing, or not what it should be.
    """
    turns = tuple(_turns(sample["conversation"]))
    threads = {turn.id: turn.thread for turn in turns}
    last = max((turn.at for turn in turns if turn.at), default=None)
    questions = [_question(asked, threads, last) for asked in sample["qa"] if asked["category"] in CATEGORIES]
    return Conversation(
        name=str(sample["sample_id"]),
        turns=turns,
        questions=tuple(question for question in questions if question.evidence),
    )


def _turns(sessions: dict[str, Any]) -> Iterator[Turn]:
    numbers = sorted(int(found[1]) for name in sessions if (found := _SESSION.fullmatch(name)))
    for number in numbers:
        at = _time(sessions.get(f"session_{number}_date_time"))
        for position, turn in enumerate(sessions[f"session_{number}"], start=1):
            yield Turn(
                id=f"D{number}:{position}",
                text=_text(turn),
                speaker=turn["speaker"],
                thread=f"session_{number}",
                position=position,
                at=at,
            )


def _text(turn: dict[str, Any]) -> str:
    caption = turn.get("blip_caption")
    return f"{turn['text']} {caption}" if caption else str(turn["text"])


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.strptime(text, "%I:%M %p on %d %B, %Y").replace(tzinfo=UTC)


def _question(asked: dict[str, Any], threads: dict[str, str], last: datetime | None) -> Question:
    found = [f"D{int(session)}:{int(turn)}" for text in asked["evidence"] for session, turn in _EVIDENCE.findall(text)]
    evidence = frozenset(name for name in found if name in threads)
    return Question(
        text=asked["question"],
        category=CATEGORIES[asked["category"]],
        evidence=evidence,
        sessions=frozenset(threads[turn] for turn in evidence),
        asked_at=last,
    )
