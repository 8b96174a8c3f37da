"""A stand-in for an OpenAI-compatible embedder: words are hashed into 64 numbers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.support.http_server import Exchange, HttpRequest

DIMENSIONS = 64


@dataclass
class EmbeddingServer:
    """What it was asked, and what it answers first.

    Attributes:
        refusals: (status, body, headers) of the answers that come before the real ones.
        batches: how many texts each request held.
        keys: the header `authorization` of each request.
    """

    refusals: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    async def answer(self, request: HttpRequest, exchange: Exchange) -> None:
        """Answer `POST /v1/embeddings`."""
        if self.refusals:
            status, body, headers = self.refusals.pop(0)
            exchange.send(status, body, headers=headers)
            return
        asked = json.loads(request.body)
        assert (request.method, request.path, asked["model"]) == ("POST", "/v1/embeddings", "hashed")
        self.batches.append(len(asked["input"]))
        self.keys.append(request.headers.get("authorization"))
        exchange.send(200, json.dumps({"data": _rows(asked["input"])}).encode())


def _rows(texts: list[str]) -> list[dict[str, Any]]:
    rows = [{"index": index, "embedding": _hashed(text)} for index, text in enumerate(texts)]
    return rows[::-1]


def _hashed(text: str) -> list[float]:
    found = np.zeros(DIMENSIONS)
    for word in text.lower().split():
        found[hashlib.sha256(word.encode()).digest()[0] % DIMENSIONS] += 2.0
    return [float(value) for value in found]
