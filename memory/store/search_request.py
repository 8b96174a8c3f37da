"""One search on its way: who asks what, of which moment, with which weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from contracts.memories import Caller
from contracts.memory_ports import View
from contracts.recall import MemoryFilter, MemoryQuery, RecallWeights
from memory.store import cursors
from memory.store.cursors import SearchCursor
from memory.store.rights import visible_keys


@dataclass(frozen=True, kw_only=True)
class RecallTuning:
    """How much the legs count: for all teams, and for some of them."""

    weights: RecallWeights = field(default_factory=RecallWeights)
    by_team: Mapping[str, RecallWeights] = field(default_factory=dict)

    def of(self, team: str | None) -> RecallWeights:
        """Return the weights of a team."""
        return self.by_team.get(team or "", self.weights)


class Past(NamedTuple):
    """The moment that a question is about, if that is not the present."""

    sequence: int
    time: datetime


@dataclass(frozen=True, kw_only=True)
class SearchRequest:
    """A question with all that its answer depends on.

    Attributes:
        weights: those of the team.
        digest: of the question, of who asks and of the weights; not of the page.
        moved: the sequence of the ledger that the answer knows.
        as_of: the sequence that the question is about; None is the present.
        page: where it begins; None is the first page.
        now: by what it is decided what has expired; that of the first page for all pages.
        learned: which state of what was learned from use counts.
        degraded: what does not take part, and why; grows on the way.
    """

    caller: Caller
    query: MemoryQuery
    weights: RecallWeights
    digest: str
    moved: int
    as_of: int | None = None
    page: SearchCursor | None = None
    now: datetime
    learned: str = ""
    degraded: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The name under which the answer is kept. Without a time of its own a question is one of its day."""
        day = "" if self.query.now else self.now.date().isoformat()
        return f"search:{self.digest}:{day}:{self.query.limit}:{self.learned}:{self.query.after or ''}"

    @property
    def asked_at(self) -> datetime:
        """What "yesterday" is counted from."""
        return self.query.now or self.now

    @property
    def offset(self) -> int:
        """Place in the ranking at which the page begins."""
        return 0 if self.page is None else self.page.offset

    @property
    def sequence(self) -> int:
        """The sequence of the ledger that all pages are of."""
        if self.as_of is not None:
            return self.as_of
        return self.moved if self.page is None else self.page.sequence

    @property
    def scopes(self) -> tuple[str, ...] | None:
        """Keys of the scopes that are searched, the most particular first; None: all of the tenant."""
        wanted = self.query.filter.scope
        if wanted is None:
            return visible_keys(self.caller)
        return (wanted.key,) if self.caller.sees(wanted) else ()

    @property
    def filtered(self) -> bool:
        """Whether anything narrows the search but that memories are active."""
        return self.query.filter != MemoryFilter()

    def view(self, scope: str) -> View:
        """Return the view of a scope. Pages after the first look at what the first one saw."""
        moved_on = self.as_of is not None or self.sequence != self.moved
        return View(self.caller.tenant, self.caller.branch, scope, self.sequence if moved_on else None)

    def cursor(self, offset: int) -> str:
        """Return the cursor of the page that begins at a place of the ranking."""
        micros = round(self.now.timestamp() * 1_000_000)
        return SearchCursor(self.digest, self.sequence, offset, micros).text()


def request_of(
    caller: Caller, query: MemoryQuery, *, tuning: RecallTuning, moved: int, past: Past | None, learned: str = ""
) -> SearchRequest:
    """Return the request that a query is.

    Raises:
        BadRequest: its cursor cannot be used.
    """
    weights = tuning.of(query.team)
    digest = _digest(caller, query, weights)
    # An empty question is a list, which has cursors of its own.
    paged = query.after is not None and query.text.strip()
    page = cursors.read(query.after or "", question=digest) if paged else None
    now = datetime.now(UTC) if past is None else past.time
    return SearchRequest(
        caller=caller,
        query=query,
        weights=weights,
        digest=digest,
        moved=moved,
        as_of=None if past is None else past.sequence,
        page=page,
        now=now if page is None else page.asked_at,
        learned=learned,
    )


def _digest(caller: Caller, query: MemoryQuery, weights: RecallWeights) -> str:
    asked = query.model_dump_json(exclude={"after", "limit"})
    who = f"{caller.tenant}\n{caller.branch}\n{caller.scope.key}\n{caller.operator}"
    return hashlib.sha256(f"{who}\n{weights.model_dump_json()}\n{asked}".encode()).hexdigest()[:32]
