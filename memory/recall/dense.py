"""Likeness of meaning, alone or with neighbours.

The vector of a memory with its neighbours is the sum of theirs, so its likeness is the sum of theirs over the length of
that sum: no vector more is kept.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from memory.recall.columns import Floats
from memory.recall.union import Union


def own(union: Union, vector: Floats | None, given: Mapping[str, float] | None) -> Floats:
    """Return the likeness of each row.

    Args:
        union: where memories are.
        vector: normalised; None where likeness is given.
        given: likeness by id that a server found, in place of the vectors here.
    """
    if given is not None or vector is None:
        return union.values(given or {}).astype(np.float32)
    return union.likeness(vector)


def around(union: Union, likeness: Floats) -> Floats:
    """Return the likeness of each row with its neighbours, from the likeness of each alone."""
    padded = union.padded(likeness)
    lengths = union.column(lambda table: table.vector_around)
    sums = likeness + padded[union.before] + padded[union.after]
    likenesses: Floats = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)
    return likenesses
