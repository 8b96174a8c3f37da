"""Conversations that memories are learned from, in short words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from contracts.memories import Caller, MemoryScope
from contracts.remembering import Candidate, ExtractionRequest, Utterance
from memory.extraction.guards import Checked
from memory.rules_extractor import RulesExtractor

NOW = datetime(2026, 5, 2, 15, 0, tzinfo=UTC)  # a Saturday
ADA = MemoryScope(user="ada")
Role = Literal["user", "agent", "tool"]


def said(*texts: str, role: Role = "user", speaker: str | None = None, first: int = 0) -> tuple[Utterance, ...]:
    """Return what one speaker says, message by message."""
    name = speaker or {"user": "user", "agent": "clerk", "tool": "lookup"}[role]
    return tuple(
        Utterance(index=first + place, turn=first + place + 1, speaker=name, role=role, text=text)
        for place, text in enumerate(texts)
    )


def conversation(*utterances: Utterance, key: str = "run-1/1", **more: Any) -> ExtractionRequest:
    """Return a request to learn from what Ada and others said."""
    caller = Caller(actor="ada", scope=ADA, run="run-1")
    fields: dict[str, Any] = {"caller": caller, "scope": ADA, "executions": ("first",)} | more
    return ExtractionRequest(utterances=utterances, now=NOW, key=key, **fields)


async def found(*texts: str, role: Role = "user", **more: Any) -> tuple[Candidate, ...]:
    """Return what the rules find."""
    return await RulesExtractor().extract(conversation(*said(*texts, role=role), **more), known=())


async def texts_found(*texts: str, role: Role = "user", **more: Any) -> list[str]:
    """Return the texts of what the rules find."""
    return [candidate.text for candidate in await found(*texts, role=role, **more)]


def checked(candidates: Iterable[Candidate], *, by_user: bool = True) -> tuple[Checked, ...]:
    """Return findings that passed all guards."""
    return tuple(Checked(candidate=candidate, by_user=by_user) for candidate in candidates)
