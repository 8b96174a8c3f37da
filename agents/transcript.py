"""What AutoGen says, as entries of a transcript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from autogen_agentchat.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    MemoryQueryEvent,
    ThoughtEvent,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
)

from contracts.runs import EntryKind, TranscriptEntry

DETAILS_CHARS = 60 * 1024
_ARGUMENTS_CHARS = 300
_RESULT_CHARS = 600
_MESSAGE_CHARS = 4096
_TICKS = re.compile("`+")

Said = BaseAgentEvent | BaseChatMessage


class Transcript:
    """The conversation so far.

    Args:
        first: index of the first entry, as earlier parts of the run hold those before.
        turn_of: the turn that an agent is in.
        sequence: the latest sequence of the state store that is known, when a message is noted.

    Attributes:
        earlier_answer: the last message of the part of the run before this one.
    """

    def __init__(
        self, *, first: int, turn_of: Callable[[str], int], sequence: Callable[[], int | None] = lambda: None
    ) -> None:
        self.first = first
        self.entries: list[TranscriptEntry] = []
        self.earlier_answer = ""
        self._shown: list[str] = []
        self._turn_of = turn_of
        self._sequence = sequence

    @property
    def next_index(self) -> int:
        """The index that the next entry gets."""
        return self.first + len(self.entries)

    def note(self, said: Said) -> None:
        """Append what was said."""
        for kind, text, tool, failed in _facts(said):
            entry = TranscriptEntry(
                index=self.next_index,
                turn=self._turn_of(said.source),
                kind=kind,
                source=said.source,
                text=text,
                tool=tool,
                failed=failed,
                sequence=self._sequence(),
            )
            self.entries.append(entry)
            self._shown.append(_markdown(entry))

    def after(self, index: int) -> tuple[TranscriptEntry, ...]:
        """The entries from this index on."""
        return tuple(self.entries[max(0, index - self.first) :])

    def answer(self) -> str:
        """The last message that was said, empty if there is none but the task (which has index 0)."""
        for entry in reversed(self.entries):
            if entry.kind == "message" and entry.index > 0:
                return entry.text
        return self.earlier_answer

    def markdown(self) -> str:
        """The last 60 KiB of the conversation, for people."""
        parts: list[str] = []
        size = 0
        for part in reversed(self._shown):
            size += len(part.encode())
            if size > DETAILS_CHARS:
                parts.append("*… earlier entries are left out …*")
                break
            parts.append(part)
        return "\n\n".join(reversed(parts))


def _facts(said: Said) -> Iterator[tuple[EntryKind, str, str | None, bool]]:
    if isinstance(said, ToolCallRequestEvent):
        for call in said.content:
            yield "tool_call", call.arguments, call.name, False
    elif isinstance(said, ToolCallExecutionEvent):
        for result in said.content:
            yield "tool_result", result.content, result.name, bool(result.is_error)
    elif isinstance(said, ThoughtEvent):
        yield "thought", said.content, None, False
    elif isinstance(said, MemoryQueryEvent):
        yield "event", "\n".join(str(one.content) for one in said.content), None, False
    elif not isinstance(said, BaseChatMessage):
        yield "event", said.to_text(), None, False
    else:
        yield "message", said.to_model_text() if _has_parts(said) else said.to_text(), None, False


def _has_parts(said: BaseChatMessage) -> bool:
    return not isinstance(getattr(said, "content", ""), str)


def _markdown(entry: TranscriptEntry) -> str:
    if entry.kind == "tool_call":
        return f"> **{entry.source}** calls `{entry.tool}` with {_code(_cut(entry.text, _ARGUMENTS_CHARS))}"
    if entry.kind == "tool_result":
        result = _fenced(_cut(entry.text, _RESULT_CHARS))
        return f"> `{entry.tool}` {'failed' if entry.failed else 'returned'}:\n\n{result}"
    return f"**{entry.source}**{_place(entry)}\n\n{_cut(entry.text, _MESSAGE_CHARS)}"


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[:chars]} …"


def _code(text: str) -> str:
    ticks = _ticks(text, least=1)
    return f"{ticks}{text}{ticks}"


def _fenced(text: str) -> str:
    ticks = _ticks(text, least=3)
    return f"{ticks}text\n{text}\n{ticks}"


def _ticks(text: str, *, least: int) -> str:
    """More backticks in a row than the text has."""
    return "`" * max(least, 1 + max(map(len, _TICKS.findall(text)), default=0))


def _place(entry: TranscriptEntry) -> str:
    if entry.index == 0:
        return " (task)"
    # A manager that speaks itself, as MagenticOne's orchestrator, takes no turn.
    return f" (turn {entry.turn})" if entry.turn else ""
