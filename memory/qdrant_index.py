"""Vectors in Qdrant: a projection of those in the database."""

from __future__ import annotations

import re
import uuid
import warnings
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from qdrant_client import AsyncQdrantClient
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException
from qdrant_client.models import (
    Condition,
    Distance,
    FieldCondition,
    Filter,
    KeywordIndexParams,
    KeywordIndexType,
    MatchAny,
    MatchValue,
    PayloadSchemaType,
    PointIdsList,
    PointStruct,
    VectorParams,
)

from contracts.errors import BackendUnavailable
from contracts.projection_ports import PointKey, VectorPoint

# Ids of points are made of what they are of, so that whoever writes one writes the same one.
_POINTS = uuid.UUID("5f0a3c6e-7f0e-4d52-9a41-2f5c2d1f7a10")
# The point that says how far the ledger was followed. It has no tenant, so no search finds it.
_PROGRESS = str(uuid.uuid5(_POINTS, "applied"))
_MOST_IN_REQUEST = 256


def connect(url: str, *, api_key: str | None = None, patience: timedelta = timedelta(seconds=5)) -> AsyncQdrantClient:
    """Return a client of a server; nothing is connected before it is needed.

    Args:
        url: address of the server or cluster; ":memory:" or "path:FOLDER" keeps all in this process.
        api_key: its key.
        patience: how long an answer may take.
    """
    if url == ":memory:":
        return AsyncQdrantClient(location=url)
    if url.startswith("path:"):
        return AsyncQdrantClient(path=str(Path(url.removeprefix("path:"))))
    with _quiet():  # A key over plain HTTP is what a server inside the house has.
        seconds = max(1, round(patience.total_seconds()))
        return AsyncQdrantClient(url=url, api_key=api_key, timeout=seconds, check_compatibility=False)


class QdrantVectorIndex:
    """One collection of a server.

    Args:
        client: of the server; closed with the index.
        embedder: name of what makes the vectors: each has a collection of its own.
        dimensions: how long they are.
        space: what our collections' names begin with; two databases on one server need two.
        place: where the server is, for messages.
    """

    def __init__(
        self, client: AsyncQdrantClient, *, embedder: str, dimensions: int, space: str = "perdure", place: str = ""
    ) -> None:
        self._client = client
        self._dimensions = dimensions
        self._place = place
        self._collection = re.sub(r"[^\w.-]+", "-", f"{space}-{embedder}")
        self._prepared = False

    async def applied(self) -> int | None:
        """See `VectorIndex.applied`."""
        async with self._mapped_errors():
            if not await self._client.collection_exists(self._collection):
                self._prepared = False
                return None
            found = await self._client.retrieve(self._collection, [_PROGRESS], with_payload=True)
            return int((found[0].payload or {})["applied"]) if found else None

    async def apply(
        self, points: Sequence[VectorPoint], *, gone: Sequence[PointKey], upto: int, after: int | None = None
    ) -> bool:
        """See `VectorIndex.apply`. `applied` may go back: then somebody was slow, and what follows is applied again."""
        if after and (await self.applied() or 0) < after:
            return False
        async with self._mapped_errors():
            await self._prepare()
            for part in _parts(points):
                await self._client.upsert(self._collection, [_point(point) for point in part], wait=True)
            for keys in _parts(gone):
                await self._client.delete(self._collection, PointIdsList(points=[_id(*key) for key in keys]), wait=True)
            await self._move(upto)
        return True

    async def search(
        self, vector: bytes, *, tenant: str, branches: Sequence[str], scopes: Sequence[str], limit: int
    ) -> Sequence[tuple[str, float]]:
        """See `VectorIndex.search`."""
        must: list[Condition] = [
            FieldCondition(key="tenant", match=MatchValue(value=tenant)),
            FieldCondition(key="branch", match=MatchAny(any=list(branches))),
            FieldCondition(key="scope", match=MatchAny(any=list(scopes))),
        ]
        async with self._mapped_errors():
            found = await self._client.query_points(
                self._collection,
                query=_floats(vector),
                query_filter=Filter(must=must),
                limit=limit,
                with_payload=["id"],
            )
        return [((hit.payload or {})["id"], hit.score) for hit in found.points]

    async def count(self) -> int:
        """See `VectorIndex.count`."""
        async with self._mapped_errors():
            if not await self._client.collection_exists(self._collection):
                return 0
            progress = Filter(must_not=[FieldCondition(key="progress", match=MatchValue(value=True))])
            return (await self._client.count(self._collection, count_filter=progress, exact=True)).count

    async def drop(self) -> None:
        """See `VectorIndex.drop`."""
        async with self._mapped_errors():
            await self._client.delete_collection(self._collection)
        self._prepared = False

    async def close(self) -> None:
        """See `VectorIndex.close`."""
        await self._client.close()

    async def _prepare(self) -> None:
        """Make the collection where it is not there; somebody else may be quicker."""
        if self._prepared:
            return
        if not await self._client.collection_exists(self._collection):
            try:
                vectors = VectorParams(size=self._dimensions, distance=Distance.COSINE)
                await self._client.create_collection(self._collection, vectors_config=vectors)
            except (ApiException, ValueError):
                if not await self._client.collection_exists(self._collection):
                    raise
        tenant = KeywordIndexParams(type=KeywordIndexType.KEYWORD, is_tenant=True)
        keyword = PayloadSchemaType.KEYWORD
        with _quiet():  # In this process there are no such indexes, and none is needed.
            for field, schema in (("tenant", tenant), ("branch", keyword), ("scope", keyword)):
                await self._client.create_payload_index(self._collection, field, schema)
        self._prepared = True

    async def _move(self, upto: int) -> None:
        direction = [1.0] + [0.0] * (self._dimensions - 1)
        mark = PointStruct(id=_PROGRESS, vector=direction, payload={"applied": upto, "progress": True})
        await self._client.upsert(self._collection, [mark], wait=True)

    @asynccontextmanager
    async def _mapped_errors(self) -> AsyncIterator[None]:
        try:
            yield
        except (ApiException, QdrantException, httpx.HTTPError, OSError, ValueError) as error:
            self._prepared = False  # It may come back empty.
            cause = error.source if isinstance(error, ResponseHandlingException) else error
            reason = str(cause) or type(cause).__name__
            raise BackendUnavailable(
                f"Qdrant{self._place and ' at '}{self._place} cannot be used ({reason}): check that it runs, QDRANT_URL"
                " and QDRANT_API_KEY; memory goes on without it"
            ) from error


def _point(point: VectorPoint) -> PointStruct:
    payload = {"id": point.id, "tenant": point.tenant, "branch": point.branch, "scope": point.scope}
    return PointStruct(
        id=_id(point.tenant, point.branch, point.id),
        vector=_floats(point.vector),
        payload={**payload, "sequence": point.sequence},
    )


def _id(tenant: str, branch: str, id_: str) -> str:
    return str(uuid.uuid5(_POINTS, "\x1f".join((tenant, branch, id_))))


def _floats(vector: bytes) -> list[float]:
    floats: list[float] = np.frombuffer(vector, dtype="<f4").tolist()
    return floats


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for first in range(0, len(items), _MOST_IN_REQUEST):
        yield items[first : first + _MOST_IN_REQUEST]


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Payload indexes have no effect in the local Qdrant")
        warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        yield
