"""Vectors that are missing: the embedder was away when a memory was written, or was another one."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from contracts.errors import BackendUnavailable
from contracts.memory_ports import MemoryLedger, Vector
from memory.background import end
from memory.store.texts import TextAnalysis

_log = logging.getLogger(__name__)
_GROUP = 200
_AGAIN_SECONDS = 5.0


class VectorRepair:
    """Makes missing vectors, at once or in the background. Indexes hear of them from the ledger.

    Args:
        ledger: knows what is missing.
        analysis: makes vectors.
        again_seconds: how long it waits after it could not.
    """

    def __init__(self, ledger: MemoryLedger, *, analysis: TextAnalysis, again_seconds: float = _AGAIN_SECONDS) -> None:
        self._ledger = ledger
        self._analysis = analysis
        self._again_seconds = again_seconds
        self._repairing: asyncio.Task[None] | None = None
        self._back = asyncio.Event()

    async def repair(self) -> int:
        """Make all vectors that are missing, and return how many there were.

        Raises:
            BackendUnavailable: the embedder or the database does not answer; what was made is kept.
        """
        name, made, after = self._analysis.embedder.name, 0, 0
        while missing := await self._ledger.without_vector(embedder=name, after=after, limit=_GROUP):
            vectors = await self._analysis.vectors([text for _, text in missing])
            kept = [Vector(sequence, one) for (sequence, _), one in zip(missing, vectors, strict=True) if one]
            await self._ledger.store_vectors(kept, embedder=name)
            made, after = made + len(kept), missing[-1][0]
        return made

    def begin(self) -> None:
        """Repair in the background until nothing is missing, unless that is being done."""
        if self._repairing is None or self._repairing.done():
            self._repairing = asyncio.get_running_loop().create_task(self._until_whole())

    def wake(self) -> None:
        """Say that the embedder answers: what waits for it goes on."""
        self._back.set()

    async def close(self) -> None:
        """End what is done in the background."""
        if self._repairing is not None:
            await end(self._repairing)

    async def _until_whole(self) -> None:
        while True:
            try:
                await self.repair()
            except BackendUnavailable as error:
                _log.info("vectors are missing still: %s", error)
                await self._rest()
            else:
                return

    async def _rest(self) -> None:
        self._back.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._back.wait(), self._again_seconds)
