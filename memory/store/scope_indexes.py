"""The indexes of this process, one for each view of the ledger: loaded when first asked for, advanced, dropped by size.

An index is a projection that lives as long as the process. It holds all that is searched (stems and vectors), so a
search reads the database only for what changed since, and for its hits.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.memory_ports import LedgerEntry, MemoryLedger, View
from memory.recall.index import ScopeIndex

# Views of the past are asked for page by page, and seldom again.
_PAST_VIEWS = 32
# What a view takes that holds nothing.
_VIEW_BYTES = 1_000
# What is past does not change any more.
_FOREVER = 2**62


@dataclass(slots=True)
class _Held:
    """What is known of a view.

    Attributes:
        index: None as long as the view holds nothing.
        known: up to which sequence of its tenant it is complete.
        size: bytes that it took when it was advanced last.
    """

    index: ScopeIndex | None = None
    known: int = -1
    size: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class ScopeIndexes:
    """Indexes by view.

    Args:
        ledger: what they follow.
        embedder: name of what made the vectors that they hold.
        dimensions: of these vectors; 0 where that is not known before the first one.
        max_bytes: so much memory they take at most; those that are searched right now are kept in any case.
    """

    def __init__(self, ledger: MemoryLedger, *, embedder: str, dimensions: int, max_bytes: int) -> None:
        self._ledger = ledger
        self._embedder = embedder
        self._dimensions = dimensions
        self._most = max_bytes
        self._size = 0
        self._held: OrderedDict[View, _Held] = OrderedDict()

    async def at(self, views: Sequence[View], *, moved: int) -> list[ScopeIndex]:
        """Return the indexes of views that hold anything, complete up to a sequence, in the order of the views.

        Args:
            views: of one tenant.
            moved: the sequence of its last change; views of the past are complete as they are.

        Raises:
            BackendUnavailable: the ledger does not answer.
            NotFound: there is no such branch.
        """
        held = [self._of(view) for view in views]
        late = [(view, one) for view, one in zip(views, held, strict=True) if one.known < moved]
        if late:
            changed = await self._changed(late, moved=moved)
            await asyncio.gather(*(self._advance(view, one, moved=moved) for view, one in changed))
            self._drop(set(views))
        return [one.index for one in held if one.index]

    async def follow(self, views: Sequence[View], *, moved: int) -> None:
        """Advance those of the views that are loaded."""
        await self.at([view for view in views if view in self._held], moved=moved)

    def clear(self) -> None:
        """Forget all indexes; they are loaded anew where they are needed."""
        self._held.clear()
        self._size = 0

    def sizes(self) -> dict[str, int]:
        """Return how many indexes and memories are held, and how many bytes they take."""
        indexes = [one.index for one in self._held.values() if one.index]
        return {"indexes": len(indexes), "memories": sum(map(len, indexes)), "bytes": self._size}

    def _of(self, view: View) -> _Held:
        held = self._held.get(view)
        if held is None:
            held = self._held[view] = _Held()
            self._size += _VIEW_BYTES
        self._held.move_to_end(view)
        return held

    async def _changed(self, late: list[tuple[View, _Held]], *, moved: int) -> list[tuple[View, _Held]]:
        """Return those that have changed: most scopes hold nothing, or have stayed as they were."""
        heads = await self._ledger.heads([view for view, _ in late])
        changed = []
        for (view, held), head in zip(late, heads, strict=True):
            if head > max(held.known, 0):
                changed.append((view, held))
            else:
                held.known = max(held.known, moved)
        return changed

    async def _advance(self, view: View, held: _Held, *, moved: int) -> None:
        async with held.lock:
            if held.known >= moved:
                return
            after = max(held.known, 0)
            entries, upto = await self._ledger.entries(view, after=after, embedder=self._embedder)
            if held.index is not None and not held.index.dimensions and _length(entries):
                # How long vectors are is known only now: those that it should have had were left out.
                held.index = None
                entries, upto = await self._ledger.entries(view, after=0, embedder=self._embedder)
            if entries and held.index is None:
                held.index = ScopeIndex(self._dimensions or _length(entries))
            if held.index is not None:
                held.index.apply(entries, upto=upto)
                self._measure(view, held)
            held.known = _FOREVER if view.as_of is not None else max(moved, upto)

    def _measure(self, view: View, held: _Held) -> None:
        size = held.index.size_bytes if held.index else 0
        if self._held.get(view) is held:
            self._size += size - held.size
        held.size = size

    def _drop(self, used: set[View]) -> None:
        past = [view for view in self._held if view.as_of is not None]
        for view in past[: max(0, len(past) - _PAST_VIEWS)]:
            self._forget(view, used)
        if self._size > self._most:
            for view in list(self._held):
                self._forget(view, used)
                if self._size <= self._most:
                    return

    def _forget(self, view: View, used: set[View]) -> None:
        if view not in used:
            self._size -= self._held.pop(view).size + _VIEW_BYTES


def _length(entries: Sequence[LedgerEntry]) -> int:
    """Return how long the vectors of entries are; 0 where there are none."""
    return next((len(entry.vector) // 4 for entry in entries if entry.vector is not None), 0)
