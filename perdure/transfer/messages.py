"""What is read of a file: messages, memories, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from contracts.memories import MemoryDraft


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message of a conversation.

    Attributes:
        line: where it begins, from 1.
        speaker: who said it; None where the file does not tell.
        at: when; None where the file does not tell the day.
    """

    line: int
    speaker: str | None
    text: str
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What could not be read, and why.

    Attributes:
        line: its number, from 1; in JSON the number of the item.
    """

    line: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """The messages of a file, in order.

    Attributes:
        form: how the file was read, such as "[TIME] NAME: TEXT".
    """

    form: str
    messages: tuple[Message, ...]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Statements:
    """The memories of a file that holds memories. See `Conversation`."""

    form: str
    drafts: tuple[MemoryDraft, ...]
    faults: tuple[Fault, ...] = ()
