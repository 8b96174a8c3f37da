"""Current documents in the memory of the process, in front of the database."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from contracts.state import Document, Place
from memory.state.rows import json_text, json_value


class _Kept(NamedTuple):
    document: Document | None
    text: str
    until: float


class MemoryStateCache:
    """Keeps the documents that were read or written last.

    Args:
        stale: a document is handed out for so long after it was kept; what other processes write is seen by then.
        max_documents: how many are kept at most.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        *,
        stale: timedelta = timedelta(seconds=1),
        max_documents: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stale = stale.total_seconds()
        self._most = max_documents
        self._clock = clock
        self._held: OrderedDict[Place, _Kept] = OrderedDict()

    async def get(self, place: Place) -> tuple[bool, Document | None]:
        """See `StateCache.get`."""
        kept = self._held.get(place)
        if kept is None or kept.until <= self._clock():
            return False, None
        self._held.move_to_end(place)
        if kept.document is None:
            return True, None
        # A value of its own for each reader: what one does to it, no other sees.
        return True, kept.document.model_copy(update={"value": json_value(kept.text)})

    async def keep(self, place: Place, document: Document | None) -> None:
        """See `StateCache.keep`."""
        if self._knows_later(place, document):
            return
        text = "null" if document is None else json_text(document.value)
        self._held[place] = _Kept(document, text, self._clock() + self._stale)
        self._held.move_to_end(place)
        if len(self._held) > self._most:
            self._held.popitem(last=False)

    def _knows_later(self, place: Place, document: Document | None) -> bool:
        held = self._held.get(place)
        if held is None or held.document is None:
            return False
        # What a slow reader did not find may have been written since.
        return document is None or document.sequence < held.document.sequence
