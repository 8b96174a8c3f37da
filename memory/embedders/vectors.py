"""What all embedders do with texts and vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def whole(text: str) -> str:
    """Return a text without half characters (lone surrogates), which no tokenizer takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def normalised(vectors: Vectors) -> Vectors:
    """Return vectors of length 1. What has no length, or is no number, stays or becomes zero."""
    found = np.nan_to_num(np.asarray(vectors, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    divided: Vectors = np.divide(found, lengths, out=np.zeros_like(found), where=lengths > 0)
    return divided
