"""What the ledger keeps of a text beside the text: its stems, and its vector."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from contracts.errors import BackendUnavailable
from contracts.recall_ports import Embedder
from memory.recall.analysis import embedded_text, stems_of
from memory.recall.columns import Floats

_log = logging.getLogger(__name__)
# So much is analysed in a few milliseconds; more goes to a thread.
_INLINE_CHARS = 20_000


class SpokenText(NamedTuple):
    """A text, and who said it."""

    text: str
    speaker: str | None


class Analysed(NamedTuple):
    """Stems and vectors of some texts. `degraded`: why they have no vectors; None where they have."""

    stems: list[tuple[str, ...]]
    vectors: list[bytes | None]
    degraded: str | None = None


class TextAnalysis:
    """Makes stems and vectors.

    Args:
        embedder: makes the vectors.
    """

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder

    async def of(self, texts: Sequence[SpokenText]) -> Analysed:
        """Analyse texts. Where the embedder does not answer they have no vectors, which are made later."""
        stems = await self._stems([one.text for one in texts])
        try:
            vectors = await self.vectors([embedded_text(*one) for one in texts])
        except BackendUnavailable as error:
            _log.warning("%d memories are written without vectors, which follow later: %s", len(texts), error)
            return Analysed(stems, [None] * len(texts), degraded=f"embedder: {error}")
        return Analysed(stems, vectors)

    async def vectors(self, texts: Sequence[str]) -> list[bytes | None]:
        """Return the vectors of texts as the ledger keeps them.

        Raises:
            BackendUnavailable: the embedder does not answer.
        """
        if not texts:
            return []
        return [row.tobytes() for row in little_endian(await self.embedder.embed(texts))]

    async def _stems(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        if sum(map(len, texts)) <= _INLINE_CHARS:
            return [stems_of(text) for text in texts]
        return await asyncio.to_thread(lambda: [stems_of(text) for text in texts])


def little_endian(vectors: Floats) -> Floats:
    """Return vectors in the order of bytes in which they are kept."""
    return np.ascontiguousarray(vectors, dtype=np.dtype("<f4"))
