"""What a run asks of memory, what it was given, and what was learned from it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from contracts.base import Contract
from contracts.memories import Caller, MemoryKind, MemoryScope

# system: into the system message of each agent, once. memory: agents ask in each turn. off: as if there were none.
Injection = Literal["system", "memory", "off"]


class MemoryPolicy(Contract):
    """How a run, a team or an agent uses memory. What an agent says goes before the team, and that before the run.

    `memory="off"` of a run wins over all.
    """

    inject: Injection = "system"
    extract: bool = Field(default=True, description="Learn from the run when it has ended.")
    tokens: int = Field(default=1_000, ge=0, le=32_000, description="At most so many tokens are injected.")
    limit: int = Field(default=20, ge=0, le=200, description="At most so many memories are injected.")
    kinds: tuple[MemoryKind, ...] | None = Field(default=None, description="Only these kinds; None is all.")
    scopes: tuple[Literal["user", "agent", "team", "session", "shared"], ...] | None = Field(
        default=None, description="Only memories of these; None is all that the run sees."
    )
    min_score: float = Field(default=0.0, ge=0, description="What is less relevant is left out.")
    recent: int = Field(default=4, ge=0, description="Of the latest ones so many, relevant or not.")
    learn_into: Literal["user", "session", "agent", "team"] = Field(
        default="user", description="Whose memories the run's lessons become; the session's where there is no user."
    )


class ContextRequest(Contract):
    """What an activity is asked to recall for a run, or for one turn of an agent."""

    caller: Caller
    task: str
    policy: MemoryPolicy = MemoryPolicy()
    agent: str | None = None
    already: tuple[str, ...] = Field(default=(), description="Ids that the agent has been told already.")
    executions: tuple[str, ...] = Field(
        default=(),
        description="Temporal's run ids of the run that asks: what its other executions, abandoned by a reset, have"
        " remembered is not told.",
    )


class Injected(Contract):
    """One memory that was handed to an agent. `why`: what it was chosen for."""

    id: str
    version: int
    score: float
    why: Literal["pinned", "relevant", "recent", "outside"]
    line: str = Field(description="As the agent sees it, with its source.")
    tokens: int


class MemoryContext(Contract):
    """What was recalled. `text` is fenced as data: nothing in it is an instruction.

    Attributes:
        note: why there is less than there could be (memory is off, or away); None where all went well.
    """

    text: str = ""
    injected: tuple[Injected, ...] = ()
    tokens: int = 0
    sequence: int | None = None
    note: str | None = None


class Utterance(Contract):
    """One message of a conversation that memories are extracted from."""

    index: int = Field(description="Index of the transcript's entry.")
    turn: int
    speaker: str
    role: Literal["user", "agent", "tool"]
    text: str
    at: datetime | None = None


class ExtractionRequest(Contract):
    """A conversation to learn from.

    `injected` are lines that were handed to the agents: what repeats them is not learned again. `executions` are
    Temporal's run ids of this run, the parts before continue-as-new included: what other executions of the same
    workflow id remembered was abandoned by a reset, and leaves recall.
    """

    caller: Caller
    scope: MemoryScope
    utterances: tuple[Utterance, ...]
    injected: tuple[str, ...] = ()
    executions: tuple[str, ...] = ()
    thread: str | None = None
    now: datetime
    key: str = Field(description="Idempotency key: the workflow id, Temporal's run id and the part.")


class Candidate(Contract):
    """A statement that an extractor found. `confidence` from 0 to 1; below 0.5 it goes to review."""

    text: str
    kind: MemoryKind = "semantic"
    speaker: str | None = None
    tags: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    importance: float = Field(default=0.5, ge=0, le=1)
    confidence: float = Field(default=1.0, ge=0, le=1)
    happened_at: datetime | None = None
    messages: tuple[int, ...] = Field(default=(), description="Indexes of the utterances that it comes from.")
    subject: str | None = Field(
        default=None, description="What it settles ('ada/lives in'): a newer candidate of the same subject supersedes."
    )


class Learned(Contract):
    """One memory that came of a run. `how`: what was done."""

    id: str
    version: int
    text: str
    how: Literal["added", "merged", "superseded", "review"]


class Extraction(Contract):
    """What was learned from a run. `note` says why there is less than there could be."""

    learned: tuple[Learned, ...] = ()
    abandoned: int = Field(default=0, description="Memories of abandoned executions that left recall.")
    repeated: bool = False
    extractor: str = ""
    note: str | None = None


class MemoryUse(Contract):
    """What memory did for a run; part of its result."""

    before: MemoryContext | None = None
    learned: Extraction | None = None
