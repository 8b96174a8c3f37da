"""Vector indexes and graphs as tests want them: each of its own, on servers that are shared."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
from qdrant_client import AsyncQdrantClient

from contracts.projection_ports import VectorPoint
from contracts.relations import Relation, RelationChange
from memory.neo4j_connection import Neo4jConnection
from memory.neo4j_graph import Neo4jMemoryGraph
from memory.qdrant_index import QdrantVectorIndex, connect
from tests.support.neo4j import Neo4jServer

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EMBEDDER = "test/1.0"
DIMENSIONS = 4


def vector(*values: float) -> bytes:
    """A normalised vector."""
    floats = np.array(values, dtype="<f4")
    return bytes((floats / np.linalg.norm(floats)).tobytes())


def point(
    id: str, *values: float, tenant: str = "default", scope: str = "user=ada", branch: str = "main"
) -> VectorPoint:
    """A vector of a memory."""
    return VectorPoint(id=id, tenant=tenant, branch=branch, scope=scope, sequence=1, vector=vector(*values))


def change(
    start: str,
    end: str,
    sequence: int,
    *,
    what: str = "used",
    strength: float = 0.5,
    days: float = 0,
    **given: object,
) -> RelationChange:
    """A change of a relation, `days` before `NOW`."""
    fields = {"kind": "knows", "strength": strength, "used_at": NOW - timedelta(days=days), **given}
    relation = Relation.model_validate({"start": start, "end": end, **fields})
    return RelationChange.model_validate({"relation": relation, "change": what, "sequence": sequence})


@asynccontextmanager
async def qdrant(kind: str, folder: Path) -> AsyncIterator[QdrantVectorIndex]:
    """An empty index: in memory, in a folder, or on the server that QDRANT_URL names."""
    place = {"memory": ":memory:", "folder": f"path:{folder / 'qdrant'}"}.get(kind) or os.environ["QDRANT_URL"]
    key = os.environ.get("QDRANT_API_KEY") if kind == "server" else None
    async with _index(connect(place, api_key=key)) as index:
        yield index
        await index.drop()


@asynccontextmanager
async def qdrant_in(folder: Path) -> AsyncIterator[QdrantVectorIndex]:
    """What a folder holds; it stays. One process at a time may have it open."""
    async with _index(connect(f"path:{folder}"), space="test") as index:
        yield index


@asynccontextmanager
async def qdrant_at(url: str, *, patience: timedelta = timedelta(seconds=1)) -> AsyncIterator[QdrantVectorIndex]:
    """What a server holds, or would hold."""
    async with _index(connect(url, patience=patience), place=url) as index:
        yield index


@asynccontextmanager
async def _index(client: AsyncQdrantClient, *, space: str = "", place: str = "") -> AsyncIterator[QdrantVectorIndex]:
    space = space or f"test-{uuid4().hex}"
    index = QdrantVectorIndex(client, embedder=EMBEDDER, dimensions=DIMENSIONS, space=space, place=place)
    try:
        yield index
    finally:
        await index.close()


@asynccontextmanager
async def neo4j_graph(server: Neo4jServer) -> AsyncIterator[Neo4jMemoryGraph]:
    """An empty graph on a server."""
    async with neo4j_at(server.url, space=uuid4().hex) as graph:
        yield graph
        await graph.drop()


@asynccontextmanager
async def neo4j_at(
    url: str, *, space: str, patience: timedelta = timedelta(seconds=5)
) -> AsyncIterator[Neo4jMemoryGraph]:
    """What a space of a server holds; it stays."""
    graph = Neo4jMemoryGraph(Neo4jConnection(url, patience=patience), space=space)
    try:
        yield graph
    finally:
        await graph.close()
