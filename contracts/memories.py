"""Memories: what is remembered, for whom, where it comes from, and what changes them.

A memory is a statement with a scope, a kind, a source and a history. Each change of it is a new version with a sequence
of its own in the one order of all changes; `contracts.recall` says how memories are found again.
"""

from __future__ import annotations

import itertools
import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from contracts.base import Contract
from contracts.state import DEFAULT_TENANT, MAIN, Author, Json, Name

MAX_TEXT_BYTES = 64 * 1024
MAX_TAGS = 32
MAX_IDENTITY_CHARS = 200
# Neither patterns (* ? %) nor what joins the keys of scopes (& =).
_IDENTITY = re.compile(r"[\w@][\w@.:+/,#~'\u2019() -]*")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

MemoryKind = Literal["semantic", "episodic", "procedural", "working"]
# active: recalled. review: somebody must decide. superseded: a newer one says otherwise. abandoned: its run was reset.
# forgotten: its text is gone from the current version; the history keeps it until it is erased.
MemoryStatus = Literal["active", "review", "superseded", "abandoned", "forgotten"]


def checked_identity(value: str) -> str:
    """Return the id of a user, agent, team or session.

    Raises:
        ValueError: it is not 1 to 200 letters, digits or signs of names, with single spaces inside; patterns
            such as `*` are never allowed.
    """
    if len(value) > MAX_IDENTITY_CHARS or not _IDENTITY.fullmatch(value) or value[-1] == " " or "  " in value:
        raise ValueError(
            f"the id {value[:60]!r} must be 1 to 200 letters, digits or _ @ . : + / , # ~ ' ( ) - (single spaces"
            " inside), and begin with a letter, a digit, _ or @: patterns such as '*' name nobody"
        )
    return value


def checked_memory_id(value: str) -> str:
    """Return the id of a memory.

    Raises:
        ValueError: it is not 1 to 64 letters, digits, _ or -, beginning with a letter or digit.
    """
    if not _ID.fullmatch(value):
        raise ValueError(f"the memory id {value[:80]!r} must be 1 to 64 letters, digits, _ or -")
    return value


def checked_text(value: str) -> str:
    """Return the text of a memory.

    Raises:
        ValueError: it is empty, larger than 64 KiB, or holds NUL or half a character.
    """
    if not value.strip():
        raise ValueError("the text is empty: say what is to be remembered")
    if "\x00" in value:
        raise ValueError(f"the text holds the character NUL at position {value.index(chr(0))}: remove it")
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        raise ValueError(f"the text holds half a character (a lone surrogate) at position {error.start}") from error
    if size > MAX_TEXT_BYTES:
        raise ValueError(
            f"the text is {size:,} bytes, at most {MAX_TEXT_BYTES:,} are allowed: cut it into statements, or keep the"
            " material in a file and remember its place"
        )
    return value


Identity = Annotated[str, AfterValidator(checked_identity)]
MemoryId = Annotated[str, AfterValidator(checked_memory_id)]
MemoryText = Annotated[str, AfterValidator(checked_text)]
Tag = Annotated[str, Field(min_length=1, max_length=100)]


class MemoryScope(Contract):
    """Whose memory it is, or who reads. A memory is seen by a reader who has all the ids that it names.

    So a session sees what is its own, its user's, its agent's and its team's, and what the whole tenant shares (no id
    at all); and what agent `a` knows of user `u` is seen only where both are at work.
    """

    user: Identity | None = None
    agent: Identity | None = None
    team: Identity | None = None
    session: Identity | None = None

    @property
    def key(self) -> str:
        """The same as text, one for each scope: "user=ada&session=s-1"; "" is what the tenant shares."""
        return "&".join(f"{name}={value}" for name, value in self if value is not None)

    def within(self, reader: MemoryScope) -> bool:
        """Whether a reader sees what is kept under this scope."""
        return all(value is None or value == getattr(reader, name) for name, value in self)

    def visible(self) -> tuple[MemoryScope, ...]:
        """Return every scope that a reader with these ids sees, the most particular first."""
        named = [(name, value) for name, value in self if value is not None]
        chosen = (some for many in range(len(named), -1, -1) for some in itertools.combinations(named, many))
        return tuple(MemoryScope(**dict(some)) for some in chosen)


class Caller(Contract):
    """Who asks. Every call is checked against it; what it may not see is not there for it.

    Attributes:
        scope: whose memories it works with: it sees what `scope` sees, and may write there.
        operator: sees and changes everything in its tenant.
    """

    tenant: Name = DEFAULT_TENANT
    branch: Name = MAIN
    actor: str = Field(default="", max_length=200, description="Person, agent or program.")
    scope: MemoryScope = MemoryScope()
    operator: bool = False
    run: str | None = Field(default=None, max_length=300, description="Workflow id of the run it works for.")
    step: str | None = Field(default=None, max_length=300, description="Activity id.")

    def sees(self, scope: MemoryScope) -> bool:
        """Whether memories of a scope are there for it."""
        return self.operator or scope.within(self.scope)

    def author(self, why: str | None = None) -> Author:
        """Return who is written down as the author of what it changes."""
        return Author(actor=self.actor, run=self.run, step=self.step, why=why)


class MemorySource(Contract):
    """Where a memory comes from."""

    run: str | None = Field(default=None, max_length=300, description="Workflow id of the run.")
    execution: str | None = Field(default=None, max_length=100, description="Temporal's run id of that run.")
    turn: int | None = Field(default=None, description="Turn of the conversation, from 1.")
    messages: tuple[int, ...] = Field(default=(), description="Indexes of the transcript's entries.")
    thread: str | None = Field(default=None, max_length=300, description="Conversation whose order `position` is in.")
    position: int | None = Field(default=None, description="Place in the thread; neighbours differ by one.")
    document: str | None = Field(default=None, max_length=1000, description="File or address that it was read from.")


class Grant(Contract):
    """Somebody else who may read a memory, until a time."""

    scope: MemoryScope
    until: datetime | None = None


class MemoryDraft(Contract):
    """A memory that is to be written.

    `happened_at` is when it was said or happened; `valid_until` when it stopped being true; `expires_at` when it is to
    be forgotten. `hold` keeps it from being forgotten or expired.
    """

    text: MemoryText
    id: MemoryId | None = Field(default=None, description="Given where it is imported; otherwise made.")
    scope: MemoryScope = MemoryScope()
    kind: MemoryKind = "semantic"
    speaker: str | None = Field(default=None, max_length=200, description="Who said it; not part of what is embedded.")
    tags: tuple[Tag, ...] = Field(default=(), max_length=MAX_TAGS)
    entities: tuple[str, ...] = Field(default=(), max_length=64, description="Names that it speaks of.")
    importance: float = Field(default=0.5, ge=0, le=1)
    pinned: bool = False
    status: Literal["active", "review"] = "active"
    doubt: str | None = Field(default=None, max_length=500, description="Why somebody must decide on it.")
    supersedes: tuple[MemoryId, ...] = ()
    happened_at: datetime | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    expires_at: datetime | None = None
    hold: bool = False
    grants: tuple[Grant, ...] = ()
    source: MemorySource = MemorySource()
    metadata: dict[str, Json] = {}

    @field_validator("happened_at", "valid_from", "valid_until", "expires_at")
    @classmethod
    def _has_a_zone(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"the time {value.isoformat()} has no zone: say which one it is meant in")
        return value

    @model_validator(mode="after")
    def _working_memory_has_a_session(self) -> MemoryDraft:
        if self.kind == "working" and self.scope.session is None:
            raise ValueError("working memory belongs to a session: name it in the scope")
        return self


class Memory(Contract):
    """One version of a memory. See `MemoryDraft` for what the fields mean."""

    id: str
    tenant: str
    branch: str
    scope: MemoryScope
    kind: MemoryKind
    text: str
    speaker: str | None = None
    tags: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    importance: float = 0.5
    pinned: bool = False
    status: MemoryStatus = "active"
    doubt: str | None = None
    supersedes: tuple[str, ...] = ()
    superseded_by: str | None = None
    happened_at: datetime | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    expires_at: datetime | None = None
    hold: bool = False
    grants: tuple[Grant, ...] = ()
    source: MemorySource = MemorySource()
    metadata: dict[str, Any] = {}
    version: int
    sequence: int
    created_at: datetime
    written_at: datetime
    author: Author = Author()


class MemoryRevision(Contract):
    """A change of one memory: the fields that are given are changed, the others stay. The scope never changes.

    Raises nothing by itself; the ledger answers `VersionConflict` where `expect` does not hold.
    """

    id: MemoryId
    expect: int | Literal["any"] = "any"
    text: MemoryText | None = None
    kind: MemoryKind | None = None
    speaker: str | None = Field(default=None, max_length=200)
    tags: tuple[Tag, ...] | None = Field(default=None, max_length=MAX_TAGS)
    entities: tuple[str, ...] | None = Field(default=None, max_length=64)
    importance: float | None = Field(default=None, ge=0, le=1)
    pinned: bool | None = None
    status: MemoryStatus | None = None
    doubt: str | None = Field(default=None, max_length=500)
    superseded_by: MemoryId | None = None
    valid_until: datetime | None = None
    expires_at: datetime | None = None
    hold: bool | None = None
    grants: tuple[Grant, ...] | None = None
    metadata: dict[str, Json] | None = None

    @property
    def changed(self) -> dict[str, Any]:
        """The fields that are given, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set - {"id", "expect"}}


class Forgetting(Contract):
    """One memory that is to be forgotten."""

    id: MemoryId
    expect: int | Literal["any"] = "any"


class MemoryCommit(Contract):
    """Changes that are made together, or not at all.

    `digest` is of what was asked (for an extraction: the messages), not of what came of it: a repeat with the same key
    and digest returns what the first one made.
    """

    drafts: tuple[MemoryDraft, ...] = ()
    revisions: tuple[MemoryRevision, ...] = ()
    forgettings: tuple[Forgetting, ...] = ()
    tenant: Name = DEFAULT_TENANT
    branch: Name = MAIN
    author: Author = Author()
    agent: str | None = Field(default=None, description="For the record.")
    session: str | None = Field(default=None, description="For the record.")
    idempotency_key: str | None = Field(default=None, max_length=500)
    digest: str = ""


class MemoryCommitted(Contract):
    """What a commit made: drafts, revisions and forgettings in this order; `repeated`: an earlier call had made it."""

    sequence: int
    memories: tuple[Memory, ...]
    repeated: bool = False


MemoryAction = Literal[
    "add", "update", "delete", "supersede", "abandon", "search", "inject", "get", "review", "export", "import"
]


class MemoryRecord(Contract):
    """A row of `memory_events`: who did what with which memories, and when."""

    action: MemoryAction
    tenant: Name = DEFAULT_TENANT
    branch: Name = MAIN
    actor: str = ""
    run: str | None = None
    agent: str | None = None
    session: str | None = None
    query: str | None = None
    ids: tuple[str, ...] = ()
    count: int = 0
    at: datetime | None = Field(default=None, description="Filled by the ledger.")
    key: str | None = Field(
        default=None, exclude=True, description="Of a row that may be told twice: with the same ids it is kept once."
    )


# Types of the events that changes of memory are; data: id, scope, kind, status, version and the run, never the text.
MEMORY_EVENTS = {
    "created": "perdure.memory.created",
    "updated": "perdure.memory.updated",
    "superseded": "perdure.memory.superseded",
    "recalled": "perdure.memory.recalled",
    "erased": "perdure.memory.erased",
}
