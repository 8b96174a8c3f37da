"""Embeddings of an OpenAI-compatible server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import numpy as np

from contracts.errors import BackendUnavailable
from contracts.texts import cut
from memory.embedders.vectors import Vectors, normalised, whole

OPENAI_URL = "https://api.openai.com/v1"
# What OpenAI's own models make; of others it is learned from the first answer.
_KNOWN = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
# These make vectors as short as they are asked to; servers of others refuse to be asked.
_SHORTENING = "text-embedding-3-"
_BATCH = 128
# OpenAI takes 8,191 tokens of a text, and 300,000 of a request.
_MAX_CHARS = 8_000
_ATTEMPTS = 3
_FIRST_WAIT_SECONDS = 0.25
# A search must not wait for a server that says "in a minute".
_MAX_WAIT_SECONDS = 5.0
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_TRANSIENT = frozenset({408, 409, 429, 500, 502, 503, 504, 529})


class OpenAiEmbedder:
    """See `Embedder`. What the server refuses is `BackendUnavailable` too: memories are kept without vectors meanwhile.

    `dimensions` is 0 until the first answer, where the model is none of OpenAI's own and nothing is said. Of long texts
    the first 8,000 characters count.
    """

    def __init__(
        self,
        model: str,
        *,
        url: str | None = None,
        key: str | None = None,
        dimensions: int = 0,
        first_wait_seconds: float = _FIRST_WAIT_SECONDS,
    ) -> None:
        """Prepare it; nothing is asked yet.

        Args:
            model: name of the model, as the server calls it.
            url: of the server, up to "/v1"; None is OpenAI's own.
            key: its key, if it has one.
            dimensions: length of its vectors; 0: as it makes them.
            first_wait_seconds: before the second attempt; it doubles from then on.
        """
        self._model = model
        self._asked_for = dimensions
        self._first_wait = first_wait_seconds
        self._url = f"{(url or OPENAI_URL).rstrip('/')}/embeddings"
        self._key = key
        self._dimensions = dimensions or _KNOWN.get(model, 0)
        self._client: httpx.AsyncClient | None = None

    @property
    def name(self) -> str:
        """See `Embedder.name`."""
        return f"openai/{self._model}{f'@{self._asked_for}' if self._asked_for else ''}"

    @property
    def dimensions(self) -> int:
        """See `Embedder.dimensions`; 0 until it is known."""
        return self._dimensions

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`. A text without a word has the vector zero, and is not sent."""
        asked = [row for row, text in enumerate(texts) if text.strip()]
        found = [await self._batch([whole(texts[row][:_MAX_CHARS]) for row in rows]) for rows in _batches(asked)]
        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        if asked:
            vectors[asked] = np.concatenate(found)
        return normalised(vectors)

    async def close(self) -> None:
        """See `Embedder.close`."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _batch(self, texts: Sequence[str]) -> Vectors:
        asked: dict[str, Any] = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        if self._asked_for and self._model.startswith(_SHORTENING):
            asked["dimensions"] = self._asked_for
        answer = await self._answer(asked)
        try:
            rows = sorted(answer.json()["data"], key=lambda row: row["index"])
            vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
        except (ValueError, KeyError, TypeError) as error:
            raise self._away(f"its answer cannot be read ({type(error).__name__}: {error})") from error
        self._check(vectors, rows=len(texts))
        return vectors

    def _check(self, vectors: Vectors, *, rows: int) -> None:
        if vectors.ndim != 2 or len(vectors) != rows:
            raise self._away(f"it was asked for {rows} vectors, and answered with the shape {vectors.shape}")
        self._dimensions = self._dimensions or vectors.shape[1]
        if vectors.shape[1] != self._dimensions:
            raise self._away(f"its vectors have the length {vectors.shape[1]}, not {self._dimensions}")

    async def _answer(self, body: dict[str, Any]) -> httpx.Response:
        wait = self._first_wait
        for attempt in range(1, _ATTEMPTS + 1):
            answer = await self._attempt(body, last=attempt == _ATTEMPTS)
            if answer is not None and answer.status_code == httpx.codes.OK:
                return answer
            if answer is not None and (answer.status_code not in _TRANSIENT or attempt == _ATTEMPTS):
                raise self._away(f"it answered {answer.status_code}: {cut(answer.text, 300)}{_advice(answer)}")
            await asyncio.sleep(min(_asked_to_wait(answer) or wait, _MAX_WAIT_SECONDS))
            wait *= 2
        raise AssertionError("the last attempt answers or raises")

    async def _attempt(self, body: dict[str, Any], *, last: bool) -> httpx.Response | None:
        try:
            return await self._opened().post(self._url, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if last or isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
                raise self._away(f"{type(error).__name__}: {error}") from error
            return None

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            headers = {"authorization": f"Bearer {self._key}"} if self._key else {}
            self._client = httpx.AsyncClient(headers=headers, timeout=_TIMEOUT)
        return self._client

    def _away(self, why: str) -> BackendUnavailable:
        return BackendUnavailable(f"the embedder {self._model!r} at {self._url} does not answer as it should: {why}")


def _batches(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    return (rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH))


def _asked_to_wait(answer: httpx.Response | None) -> float | None:
    said = "" if answer is None else answer.headers.get("retry-after", "")
    return float(said) if said.isascii() and said.isdecimal() else None


def _advice(answer: httpx.Response) -> str:
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return "; check PERDURE_EMBEDDER_KEY (or OPENAI_API_KEY)"
    if answer.status_code == httpx.codes.NOT_FOUND:
        return "; check PERDURE_EMBEDDER_URL and the model's name in PERDURE_EMBEDDER"
    return ""
