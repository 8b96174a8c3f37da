"""A memory for tests of runs: it says what it is told to, and keeps what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from activities.memories import RunMemories
from contracts.errors import BackendUnavailable
from contracts.memories import Caller, Memory, MemoryDraft
from contracts.recalled_text import fenced, item
from contracts.remembering import (
    ContextRequest,
    Extraction,
    ExtractionRequest,
    Injected,
    Learned,
    MemoryContext,
)

_AWAY = "the memory of this test is away: wait"


@dataclass
class Notes:
    """Memories that are recalled whatever is asked; what agents said is learned word for word.

    Attributes:
        known: texts by id.
        agents: texts by agent, which only that agent is told.
        drawn: ids of what answers drew on.
        written: what agents have written, by idempotency key.
        asked: what was asked, in order.
        conversations: what was to be learned from, in order.
        away: how many recalls fail before it answers.
        learning_away: how many lessons fail before one is learned.
        delay_seconds: how long a recall takes.
        warmed: for whom memory was made ready, in order.
    """

    known: dict[str, str] = field(default_factory=dict)
    agents: dict[str, str] = field(default_factory=dict)
    drawn: list[str] = field(default_factory=list)
    written: dict[str, tuple[Memory, ...]] = field(default_factory=dict)
    asked: list[ContextRequest] = field(default_factory=list)
    conversations: list[ExtractionRequest] = field(default_factory=list)
    away: int = 0
    learning_away: int = 0
    delay_seconds: float = 0.0
    warmed: list[Caller] = field(default_factory=list)

    def memories(self, store: Any = None) -> RunMemories:
        """What a worker is given; a store is needed where agents write, and by default these notes do."""
        return RunMemories(store=store or cast(Any, self), contexts=self, learner=self)

    async def add(
        self, caller: Caller, drafts: Sequence[MemoryDraft], *, idempotency_key: str | None = None
    ) -> tuple[Memory, ...]:
        """Write down once for each key."""
        now = datetime(2026, 5, 3, tzinfo=UTC)
        fields = {"id": "written", "version": 1, "sequence": 1, "created_at": now, "written_at": now}
        said = [{**draft.model_dump(), **fields, "tenant": caller.tenant, "branch": "main"} for draft in drafts]
        made = tuple(Memory.model_validate(one) for one in said)
        return self.written.setdefault(idempotency_key or "", made)

    async def drew(self, caller: Caller, ids: Sequence[str]) -> None:
        """Note what an answer drew on."""
        assert caller.run
        self.drawn += ids

    async def warm(self, caller: Caller) -> None:
        """Note whose memories will be asked for."""
        self.warmed.append(caller)

    async def build(self, request: ContextRequest) -> MemoryContext:
        """Return all that is known and was not told."""
        self.asked.append(request)
        if self.away:
            self.away -= 1
            raise BackendUnavailable(_AWAY)
        await asyncio.sleep(self.delay_seconds)
        return _context({id_: text for id_, text in self._of(request).items() if id_ not in request.already})

    async def learn(self, request: ExtractionRequest) -> Extraction:
        """Learn each thing that a user said."""
        self.conversations.append(request)
        if self.learning_away:
            self.learning_away -= 1
            raise BackendUnavailable(_AWAY)
        said = [one for one in request.utterances if one.role == "user"]
        learned = tuple(Learned(id=f"l{one.index}", version=1, text=one.text, how="added") for one in said)
        return Extraction(learned=learned, extractor="notes")

    def _of(self, request: ContextRequest) -> dict[str, str]:
        if request.policy.scopes == ("agent",):
            return {f"own-{name}": text for name, text in self.agents.items() if name == request.agent}
        return self.known


def _context(known: dict[str, str]) -> MemoryContext:
    items = [item("2026-05-03, ada", text) for text in known.values()]
    injected = tuple(
        Injected(id=id_, version=1, score=1.0, why="relevant", line=line, tokens=len(line) // 4)
        for id_, line in zip(known, items, strict=True)
    )
    return MemoryContext(text=fenced(items), injected=injected, tokens=sum(one.tokens for one in injected))
