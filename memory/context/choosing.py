"""Which of what was found an agent is told: within the budget, nothing twice, and room for what is recent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from contracts.memories import Memory, MemoryScope
from contracts.recalled_text import BEGIN, END, HEAD, fenced
from contracts.remembering import Injected, MemoryContext, MemoryPolicy
from memory.context.likeness import Wording
from memory.context.lines import line_of, tokens_of

Why = Literal["pinned", "relevant", "recent", "outside"]
# A context is one event of a history, in whatever script it is written.
_MOST_BYTES = 160 * 1024
_FENCE_CHARS = len(HEAD) + len(BEGIN) + len(END) + 2
_PLACES = {"pinned": 0, "relevant": 1, "outside": 1, "recent": 2}


@dataclass(frozen=True, kw_only=True)
class Found:
    """A memory that may be told, and what it was looked for."""

    memory: Memory
    score: float
    why: Why


class Choice:
    """What is chosen, one found memory after another.

    Args:
        policy: the budget, and whose memories count.
        already: ids that are not told again.
    """

    def __init__(self, policy: MemoryPolicy, *, already: Iterable[str] = ()) -> None:
        self._policy = policy
        self._seen = set(already)
        self._wordings: list[Wording] = []
        self._chosen: list[Injected] = []
        self._chars = _FENCE_CHARS
        self._bytes = 0

    def take(self, found: Iterable[Found], *, most: int, part: float = 1.0) -> None:
        """Choose from what was found, the first ones first; what does not fit is passed over.

        Args:
            found: candidates.
            most: there may be so many in all then.
            part: part of the tokens that may be used then.
        """
        for one in found:
            if len(self._chosen) >= min(most, self._policy.limit):
                return
            if one.memory.id not in self._seen and self._is_wanted(one):
                self._add(one, tokens=self._policy.tokens * part)

    @property
    def count(self) -> int:
        """How many are chosen."""
        return len(self._chosen)

    def context(self, *, sequence: int | None, note: str | None) -> MemoryContext:
        """Return what was chosen: what is pinned, what is relevant by its score, what is recent."""
        ordered = sorted(self._chosen, key=lambda one: (_PLACES[one.why], -one.score))
        text = fenced([one.line for one in ordered])
        return MemoryContext(text=text, injected=tuple(ordered), tokens=tokens_of(text), sequence=sequence, note=note)

    def _is_wanted(self, found: Found) -> bool:
        scopes, kinds = self._policy.scopes, self._policy.kinds
        if scopes is not None and owner(found.memory.scope) not in scopes:
            return False
        if kinds is not None and found.memory.kind not in kinds:
            return False
        return found.why in ("pinned", "recent") or found.score >= self._policy.min_score

    def _add(self, found: Found, *, tokens: float) -> None:
        line = line_of(found.memory)
        size = len(line.encode()) + 1
        wording = Wording.of(found.memory.text)
        fits = tokens_of(" " * (self._chars + len(line) + 1)) <= tokens and self._bytes + size <= _MOST_BYTES
        if not fits or any(wording.repeats(other) for other in self._wordings):
            return
        self._seen.add(found.memory.id)
        self._wordings.append(wording)
        self._chars += len(line) + 1
        self._bytes += size
        self._chosen.append(
            Injected(
                id=found.memory.id,
                version=found.memory.version,
                score=round(found.score, 4),
                why=found.why,
                line=line,
                tokens=tokens_of(line),
            )
        )


def owner(scope: MemoryScope) -> Literal["user", "agent", "team", "session", "shared"]:
    """Return whose a memory is, the most particular first: what an agent knows of a user is the agent's."""
    if scope.session is not None:
        return "session"
    if scope.agent is not None:
        return "agent"
    if scope.user is not None:
        return "user"
    return "shared" if scope.team is None else "team"
