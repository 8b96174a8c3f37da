"""What embedders have in common that are a library of somebody else, which downloads its models itself."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any

import numpy as np

from contracts.errors import BackendUnavailable, ConfigurationError
from memory.embedders.vectors import Vectors, normalised, whole

Encode = Callable[[list[str]], Any]


class LibraryEmbedder(ABC):
    """See `Embedder`. The model is loaded with the first text; it always works in a thread.

    `dimensions` is 0 until the first answer, where nothing is said.
    """

    def __init__(self, model: str, *, library: str, dimensions: int = 0) -> None:
        """Prepare it; nothing is loaded yet.

        Args:
            model: as the library calls it.
            library: name of the library, and of the extra that brings it.
            dimensions: length of its vectors; 0 where that is not known.

        Raises:
            ConfigurationError: the library is not installed.
        """
        if importlib.util.find_spec(library.replace("-", "_")) is None:
            raise ConfigurationError(f"{library} is not installed: `pip install 'perdure[{library}]'`")
        self._model = model
        self._library = library
        self._lock = threading.Lock()
        self._encode: Encode | None = None
        self._dimensions = dimensions

    @property
    def name(self) -> str:
        """See `Embedder.name`."""
        return f"{self._library}-{self._model}/{metadata.version(self._library)}"

    @property
    def dimensions(self) -> int:
        """See `Embedder.dimensions`; 0 until it is known."""
        return self._dimensions

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        return await asyncio.to_thread(self._vectors, texts)

    async def close(self) -> None:
        """See `Embedder.close`."""
        self._encode = None

    @abstractmethod
    def _load(self) -> Encode:
        """Load the model, and return what makes vectors, one a row."""

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            self._encode = self._encode or self._loaded()
            vectors = np.asarray(self._encode([whole(text) for text in texts or [""]]), dtype=np.float32)
        if self._dimensions not in (0, vectors.shape[1]):
            raise BackendUnavailable(
                f"{self.name} makes vectors of the length {vectors.shape[1]}, not {self._dimensions}"
            )
        self._dimensions = int(vectors.shape[1])
        return normalised(vectors[: len(texts)])

    def _loaded(self) -> Encode:
        try:
            return self._load()
        except Exception as error:  # libraries raise whatever their downloads raise
            raise BackendUnavailable(
                f"{self._library} cannot load {self._model!r} ({type(error).__name__}: {error}): check the name, and"
                " that its files are there or can be downloaded"
            ) from error
