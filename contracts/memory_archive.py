"""Memories with all that belongs to them, as they are taken out of one database and brought into another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from contracts.base import Contract
from contracts.memories import Caller, Memory


class ArchivedVersion(Contract):
    """One version of a memory. `vectors` are of its text, where it is new: by embedder, base64 of float32."""

    memory: Memory
    vectors: dict[str, str] = {}


class ArchiveCounts(Contract):
    """How much an archive holds: of memories and their versions up to a sequence."""

    memories: int
    versions: int
    sequence: int


class Restored(Contract):
    """What came of an archive: how many versions were written, and how many were there already."""

    versions: int = 0
    unchanged: int = 0


class MemoryArchive(Protocol):
    """Takes memories out with all their versions, and brings them in as they were: ids, texts, times, authors."""

    @property
    def embedder(self) -> str:
        """Name and version of the embedder whose vectors are made where they are missing."""
        ...

    async def counts(self, caller: Caller) -> ArchiveCounts:
        """Return how much the caller sees of its tenant and branch, at this moment."""
        ...

    def versions(self, caller: Caller, *, upto: int, vectors: bool) -> AsyncIterator[ArchivedVersion]:
        """Yield all versions that the caller sees, in the order in which they were written. Grants give nothing here.

        Args:
            caller: who takes them out; it is recorded.
            upto: `sequence` of `counts`: what is written meanwhile is left out.
            vectors: whether vectors are given too.
        """
        ...

    async def check(self, caller: Caller, versions: Sequence[ArchivedVersion]) -> None:
        """Refuse what cannot be restored, and write nothing.

        Raises:
            Forbidden: the caller is no operator: an archive brings authors, times and scopes of its own.
            BadRequest: a version holds what cannot be kept.
            Conflict: another memory has one of the ids.
        """
        ...

    async def restore(self, caller: Caller, versions: Sequence[ArchivedVersion]) -> Restored:
        """Write versions into the caller's tenant and branch, all or none, under sequences of their own.

        They must come in the order in which `versions` yields them. What is there already is passed over, so a repeat
        changes nothing. Vectors that are missing are made. No events tell of it.

        Raises:
            Forbidden, BadRequest, Conflict: see `check`.
        """
        ...
