"""Writes conversations into a memory and asks their questions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from contracts.memories import Caller, Memory, MemoryDraft, MemoryScope, MemorySource
from contracts.memory_ports import MemoryStore
from contracts.recall import MemoryQuery
from perdure.recall_bench.material import Conversation, Question, Turn
from perdure.recall_bench.report import CUTS, Answer, Report
from perdure.recall_bench.typos import mistyped

_BATCH = 500
_ACTOR = "bench"


@dataclass(kw_only=True)
class Measuring:
    """One measurement through a store.

    Attributes:
        store: empty at the beginning; the caller's.
        embedder: name and version of its embedder.
        typos: seed of typing errors in the questions; None is none.
        say: hears of progress.
    """

    store: MemoryStore
    embedder: str
    typos: int | None = None
    say: Callable[[str], None] = lambda _: None
    _degraded: set[str] = field(default_factory=set)

    async def report(self, conversations: Sequence[Conversation]) -> Report:
        """Add all turns, then ask all questions."""
        added, seconds = [], 0.0
        for number, conversation in enumerate(conversations, start=1):
            self.say(f"adding {conversation.name} ({number} of {len(conversations)})")
            began = time.perf_counter()
            added.append(await self._added(conversation, number))
            seconds += time.perf_counter() - began
        answers: list[Answer] = []
        for number, (conversation, turns) in enumerate(zip(conversations, added, strict=True), start=1):
            self.say(f"asking about {conversation.name} ({number} of {len(conversations)})")
            answers += await self._answers(conversation, number, turns)
        return Report(
            embedder=self.embedder,
            turns=sum(len(conversation.turns) for conversation in conversations),
            seconds_to_add=seconds,
            answers=answers,
            degraded=tuple(sorted(self._degraded)),
        )

    async def _added(self, conversation: Conversation, number: int) -> dict[str, Turn]:
        """Add the turns of a conversation, and return them by the ids of their memories."""
        turns = conversation.turns
        memories: list[Memory] = []
        for start in range(0, len(turns), _BATCH):
            drafts = [_draft(turn, number) for turn in turns[start : start + _BATCH]]
            memories += await self.store.add(_caller(number), drafts)
        return {memory.id: turn for memory, turn in zip(memories, turns, strict=True)}

    async def _answers(self, conversation: Conversation, number: int, turns: dict[str, Turn]) -> list[Answer]:
        if conversation.questions:
            # As a session's start does: loading the index is no part of a search.
            await self.store.warm(_caller(number))
        return [await self._answer(conversation.name, question, number, turns) for question in conversation.questions]

    async def _answer(self, name: str, question: Question, number: int, turns: dict[str, Turn]) -> Answer:
        text = question.text if self.typos is None else mistyped(question.text, self.typos)
        query = MemoryQuery(text=text, limit=max(CUTS), now=question.asked_at)
        began = time.perf_counter()
        found = await self.store.search(_caller(number), query)
        seconds = time.perf_counter() - began
        self._degraded.update(found.degraded)
        hits = [turns[hit.memory.id] for hit in found.hits]
        return Answer(
            conversation=name,
            question=question,
            found=[turn.id for turn in hits],
            threads=[turn.thread for turn in hits],
            seconds=seconds,
        )


def _caller(number: int) -> Caller:
    return Caller(actor=_ACTOR, scope=_scope(number))


def _scope(number: int) -> MemoryScope:
    return MemoryScope(user=f"conversation-{number}")


def _draft(turn: Turn, number: int) -> MemoryDraft:
    return MemoryDraft(
        text=turn.text,
        scope=_scope(number),
        kind="episodic",
        speaker=turn.speaker,
        happened_at=turn.at,
        source=MemorySource(thread=turn.thread, position=turn.position),
    )
