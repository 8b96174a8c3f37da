"""How memories are found again: questions, filters, and answers that say why."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from contracts.base import Contract
from contracts.memories import Memory, MemoryId, MemoryKind, MemoryScope, MemoryStatus

MAX_QUERY_CHARS = 8_000
MAX_HITS = 1_000


class MemoryFilter(Contract):
    """Which memories count. What is not given does not narrow; texts are compared as they are.

    `said_…` compares `happened_at` (the time of writing where it has none); `metadata` are equal values by name.
    """

    ids: tuple[MemoryId, ...] | None = None
    kinds: tuple[MemoryKind, ...] | None = None
    statuses: tuple[MemoryStatus, ...] = ("active",)
    scope: MemoryScope | None = Field(default=None, description="Exactly this scope.")
    tags: tuple[str, ...] | None = Field(default=None, description="All of them.")
    any_tags: tuple[str, ...] | None = Field(default=None, description="At least one of them.")
    entities: tuple[str, ...] | None = Field(default=None, description="At least one of them, in any case.")
    speaker: str | None = None
    pinned: bool | None = None
    held: bool | None = None
    min_importance: float | None = None
    max_importance: float | None = None
    contains: str | None = Field(default=None, max_length=500, description="Text that occurs in it, in any case.")
    said_after: datetime | None = None
    said_before: datetime | None = None
    written_after: datetime | None = None
    written_before: datetime | None = None
    expires_before: datetime | None = None
    run: str | None = Field(default=None, description="Workflow id of the source.")
    thread: str | None = None
    document: str | None = None
    actor: str | None = None
    metadata: dict[str, Any] = {}


class MemoryListing(Contract):
    """A list of memories by filter, page by page; expired ones are left out unless asked for."""

    filter: MemoryFilter = MemoryFilter()
    order: Literal["newest", "oldest"] = "newest"
    limit: int = Field(default=50, ge=1, le=1_000)
    after: str | None = Field(default=None, description="Cursor: `after` of the page before.")
    as_of: int | datetime | None = Field(default=None, description="As it was at this sequence or time.")


class MemoryPage(Contract):
    """A part of a list; `after` is None on the last one."""

    memories: tuple[Memory, ...]
    after: str | None = None


class MemoryQuery(Contract):
    """A question to memory.

    `as_of` looks at memories as they were known then; `said_…` of the filter at when what they tell of happened.
    """

    text: str = Field(max_length=MAX_QUERY_CHARS)
    limit: int = Field(default=10, ge=1, le=MAX_HITS)
    filter: MemoryFilter = MemoryFilter()
    as_of: int | datetime | None = None
    now: datetime | None = Field(default=None, description="What 'yesterday' in the text is counted from.")
    explain: bool = False
    after: str | None = Field(default=None, description="Cursor: `after` of the page before.")
    team: str | None = Field(default=None, description="Team whose ranking weights are used.")


class Share(Contract):
    """What one leg of the search, or one boost, gave to a score: `value` (0 to 1 for legs) times `weight`."""

    leg: str
    value: float
    weight: float
    score: float


class Recalled(Contract):
    """A memory that was found. `shares` are given where the query asks to explain, and add up to the score."""

    memory: Memory
    score: float
    shares: tuple[Share, ...] = ()


class Correction(Contract):
    """A word of the query that no memory holds, and the one that was looked for in its place."""

    word: str
    used: str


class Recollection(Contract):
    """The answer to a query.

    Attributes:
        sequence: of the ledger, as far as the answer knows it.
        expansion: words that were looked for besides, each with its weight. Only where the query asks to explain.
        corrections: spelling that was corrected.
        degraded: which parts did not take part, and why; empty where all did.
        cached: whether the answer was kept from before.
    """

    hits: tuple[Recalled, ...]
    after: str | None = None
    sequence: int = 0
    expansion: tuple[tuple[str, float], ...] = ()
    corrections: tuple[Correction, ...] = ()
    degraded: tuple[str, ...] = ()
    cached: bool = False


class RecallWeights(Contract):
    """How much each leg and boost counts. Tuned on half of a public benchmark; see docs/context_memory_design.md.

    Legs are normalised to 0..1 for each query and then weighted; boosts are added.
    """

    lexical: float = Field(default=0.03, ge=0, description="BM25 over the memory's own words.")
    lexical_before: float = Field(default=0.15, ge=0, description="BM25 with expansion, with the one before.")
    lexical_around: float = Field(default=0.13, ge=0, description="BM25 with expansion, with both neighbours.")
    dense: float = Field(default=0.12, ge=0, description="Likeness of meaning.")
    dense_around: float = Field(default=0.10, ge=0, description="Likeness of meaning, with both neighbours.")
    neighbour: float = Field(default=0.05, ge=0, description="How well the neighbours in the conversation fit.")
    thread: float = Field(default=0.15, ge=0, description="How well its whole conversation fits.")
    speaker: float = Field(default=0.25, ge=0, description="The one person that the query names said it.")
    date: float = Field(default=0.30, ge=0, description="It happened when the query says.")
    substance: float = Field(default=0.15, ge=0, description="It says much: small talk says little.")
    recency: float = Field(default=0.0, ge=0, description="It is new: halves every 30 days.")
    importance: float = Field(default=0.0, ge=0)
    scope: float = Field(default=0.0, ge=0, description="It belongs to the most particular scope.")
    association: float = Field(default=0.0, ge=0, description="What is found leads to it.")
    learned: float = Field(default=0.0, ge=0, description="It was of use before.")
    outside: float = Field(default=1.0, ge=0, description="Hits of outside sources.")
