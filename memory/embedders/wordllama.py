"""The default embedder: word vectors of WordLlama, averaged. Weights and tokenizer are files of its wheel."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from contracts.errors import ConfigurationError
from memory.embedders.vectors import Vectors, normalised, whole

_PACKAGE = "wordllama"
_DIMENSIONS = 256
# So much takes about a millisecond, less than a thread is worth.
_INLINE_CHARS = 4_000
_lock = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class _Model:
    """Vectors of tokens, half as large as they are calculated with, and what cuts texts into tokens."""

    tokens: NDArray[np.float16]
    tokenizer: Tokenizer

    def vector(self, text: str) -> Vectors:
        """Return the mean of a text's tokens; zero where it has none."""
        ids = self.tokenizer.encode(whole(text), add_special_tokens=False).ids
        if not ids:
            return np.zeros(_DIMENSIONS, dtype=np.float32)
        mean: Vectors = self.tokens[ids].mean(axis=0, dtype=np.float32)
        return mean


class WordLlamaEmbedder:
    """See `Embedder`. The model is loaded with the first text, once for the process, in 0.2 s and 20 MB.

    The package itself is not imported: that alone makes the process log to standard error; and it pads all texts of a
    batch to the longest one, which takes gigabytes where that one is long.
    """

    def __init__(self) -> None:
        """Prepare it; nothing is loaded yet.

        Raises:
            ConfigurationError: the package is not installed.
        """
        self._folder = _folder()
        self._name = f"wordllama-{_DIMENSIONS}/{metadata.version(_PACKAGE)}"
        self._ready = False

    @property
    def name(self) -> str:
        """See `Embedder.name`."""
        return self._name

    @property
    def dimensions(self) -> int:
        """See `Embedder.dimensions`."""
        return _DIMENSIONS

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`."""
        if self._ready and sum(map(len, texts)) <= _INLINE_CHARS:
            return self._vectors(texts)
        return await asyncio.to_thread(self._vectors, texts)

    async def close(self) -> None:
        """See `Embedder.close`."""

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        with _lock:
            model = _loaded(self._folder)
        self._ready = True
        found = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            found[row] = model.vector(text)
        return normalised(found)


def _folder() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise ConfigurationError("the embedder 'wordllama' is not installed: `pip install wordllama`")
    return Path(found.origin).parent


@cache
def _loaded(folder: Path) -> _Model:
    try:
        weights = load_file(folder / "weights" / f"l2_supercat_{_DIMENSIONS}.safetensors")
        tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    except Exception as error:  # tokenizers raises nothing more particular
        raise ConfigurationError(
            f"the files of the embedder 'wordllama' in {folder} cannot be read ({error}): install it anew with"
            " `pip install --force-reinstall wordllama`"
        ) from error
    return _Model(tokens=weights["embedding.weight"], tokenizer=tokenizer)
