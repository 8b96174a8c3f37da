"""Embeddings of sentence-transformers (torch)."""

from __future__ import annotations

import importlib

from memory.embedders.library import Encode, LibraryEmbedder


class SentenceTransformersEmbedder(LibraryEmbedder):
    """See `LibraryEmbedder`."""

    def __init__(self, model: str, *, dimensions: int = 0) -> None:
        """Prepare it. See `LibraryEmbedder`."""
        super().__init__(model, library="sentence-transformers", dimensions=dimensions)

    def _load(self) -> Encode:
        model = importlib.import_module("sentence_transformers").SentenceTransformer(self._model)
        return lambda texts: model.encode(texts, show_progress_bar=False)
