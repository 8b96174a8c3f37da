"""Vector indexes and graphs as tests want them: each of its own, on servers that are shared."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np

from contracts.memory_ports import VectorPoint
from contracts.relations import Relation, RelationChange
from memory.neo4j_connection import Neo4jConnection
from memory.neo4j_graph import Neo4jMemoryGraph
from memory.qdrant_index import QdrantVectorIndex, connect
from tests.support.neo4j import Neo4jServer

NOW = datetime(2026, 3, 1, tzinfo=UTC)
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
    client = connect(place, api_key=os.environ.get("QDRANT_API_KEY") if kind == "server" else None)
    index = QdrantVectorIndex(client, embedder="test/1.0", dimensions=DIMENSIONS, space=f"test-{uuid4().hex}")
    try:
        yield index
        await index.drop()
    finally:
        await index.close()


@asynccontextmanager
async def neo4j_graph(server: Neo4jServer, *, space: str | None = None) -> AsyncIterator[Neo4jMemoryGraph]:
    """An empty graph on a server."""
    graph = Neo4jMemoryGraph(Neo4jConnection(server.url), space=space or uuid4().hex)
    try:
        yield graph
        await graph.drop()
    finally:
        await graph.close()
