"""Words that no memory holds, put right by those that memories hold."""

from __future__ import annotations

from collections.abc import Sequence

from memory.recall.index import ScopeIndex


def corrected(stem: str, indexes: Sequence[ScopeIndex]) -> str | None:
    """Return the stem that was meant; None where nothing is like it."""
    return None
