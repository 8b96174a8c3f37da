"""Decisions on memories that are in doubt."""

from __future__ import annotations

from typing import Literal

from contracts.errors import Conflict
from contracts.memories import Forgetting, Memory, MemoryRevision

Decision = Literal["accept", "reject"]


def accepted(memory: Memory, superseded: tuple[Memory, ...]) -> tuple[MemoryRevision, ...]:
    """Return what makes a memory count: it is active, and those that it names are superseded by it.

    Args:
        memory: what is accepted, as it was read: if it changes in between, somebody must look again.
        superseded: what it says otherwise, as far as it is still there.
    """
    itself = MemoryRevision(id=memory.id, expect=memory.version, status="active", doubt=None)
    others = (
        MemoryRevision(id=other.id, status="superseded", superseded_by=memory.id)
        for other in superseded
        if other.status == "active"
    )
    return (itself, *others)


def rejected(memory: Memory) -> Forgetting:
    """Return what takes a memory away."""
    return Forgetting(id=memory.id, expect=memory.version)


def check_open(memory: Memory) -> None:
    """Refuse a decision on what is not in review.

    Raises:
        Conflict: it was decided already, or was never in doubt.
    """
    if memory.status != "review":
        raise Conflict(f"the memory {memory.id!r} is not in review but {memory.status}: there is nothing to decide")
