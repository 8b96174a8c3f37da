"""What recall stands on beside the ledger: embedder, cache, extractor, and what takes part from outside.

They belong to the interfaces of memory, from where they are imported: see `contracts.memory_ports`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from contracts.memories import Caller, Memory
from contracts.recall import Recalled
from contracts.remembering import Candidate, ExtractionRequest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Makes vectors of texts. The caller owns it and closes it."""

    @property
    def name(self) -> str:
        """Name and version: vectors of different names are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of its vectors."""
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one normalised vector a row (float32).

        Raises:
            BackendUnavailable: it runs elsewhere and does not answer.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class MemoryCache(Protocol):
    """Answers that were given before. It may forget anything at any time and never raises for being away.

    A key says of what kind the data are ("search", "context", "memory"); `version` is the ledger's: an entry of another
    version is a miss.
    """

    async def get(self, key: str, *, version: int) -> bytes | None:
        """Return what was kept, None for a miss."""
        ...

    async def put(self, key: str, value: bytes, *, version: int, ttl: timedelta) -> None:
        """Keep a value."""
        ...

    def counts(self) -> dict[str, dict[str, int]]:
        """Return hits and misses by kind of data since the process began."""
        ...


class Extractor(Protocol):
    """Finds statements in a conversation that are worth remembering. It writes nothing."""

    @property
    def name(self) -> str:
        """What it is, for the record ("rules", "mem0 (gpt-5)")."""
        ...

    async def extract(self, request: ExtractionRequest, *, known: Sequence[Memory]) -> tuple[Candidate, ...]:
        """Return candidates, each with the messages that it comes from.

        Args:
            request: the conversation.
            known: memories of the same scope that are like it, which need not be found again.

        Raises:
            ModelRefused, ModelUnavailable: it asks a model, and that does not answer.
        """
        ...


class OutsideSource(Protocol):
    """Something that is read but never written, and takes part in recall: a folder, an HTTP endpoint."""

    @property
    def name(self) -> str:
        """Its name, shown with each hit."""
        ...

    async def search(self, text: str, *, limit: int, caller: Caller) -> tuple[Recalled, ...]:
        """Return hits; their memories have the id "outside-…", version 1, and `source.document`.

        Scores are from 0 to 1 and say how well a hit fits, not how well compared to the others.

        Raises:
            BackendUnavailable: it does not answer; the search goes on without it and says so.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
