"""Embeddings of fastembed (ONNX)."""

from __future__ import annotations

import importlib

import numpy as np

from memory.embedders.library import Encode, LibraryEmbedder


class FastembedEmbedder(LibraryEmbedder):
    """See `LibraryEmbedder`."""

    def __init__(self, model: str, *, dimensions: int = 0) -> None:
        """Prepare it. See `LibraryEmbedder`."""
        super().__init__(model, library="fastembed", dimensions=dimensions)

    def _load(self) -> Encode:
        model = importlib.import_module("fastembed").TextEmbedding(model_name=self._model)
        return lambda texts: np.stack(list(model.embed(texts)))
