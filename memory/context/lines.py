"""A memory as the line that an agent sees: when, who, where from, and what."""

from __future__ import annotations

from contracts.memories import Memory
from contracts.recalled_text import item
from contracts.texts import cut

# A memory may be 64 KiB; who wants to read all of it looks it up.
_LINE_CHARS = 1_000
_DOCUMENT_CHARS = 120
_CHARS_PER_TOKEN = 4


def line_of(memory: Memory) -> str:
    """Return a memory as one line with its source."""
    return item(_source(memory), cut(memory.text, _LINE_CHARS))


def tokens_of(text: str) -> int:
    """Return the tokens of a text, by the rule of thumb of four characters a token."""
    return -(-len(text) // _CHARS_PER_TOKEN)


def _source(memory: Memory) -> str:
    scope, when = memory.scope, memory.happened_at or memory.created_at
    parts = [
        when.date().isoformat(),
        memory.speaker or scope.user,
        memory.source.document and cut(memory.source.document, _DOCUMENT_CHARS),
        scope.agent and f"agent {scope.agent}",
        scope.team and f"team {scope.team}",
        scope.session and f"session {scope.session}",
    ]
    return ", ".join(part.replace("]", ")") for part in parts if part)
