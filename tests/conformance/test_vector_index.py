"""What every vector index promises: see `contracts.memory_ports.VectorIndex`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.errors import BackendUnavailable
from contracts.projection_ports import PointKey, VectorIndex
from memory.qdrant_index import QdrantVectorIndex, connect
from perdure.ports import HOST, free_port
from tests.support.projections import DIMENSIONS, point, qdrant, vector

_KINDS = ("memory", "folder", *(("server",) if "QDRANT_URL" in os.environ else ()))


@pytest.fixture(params=_KINDS)
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VectorIndex]:
    async with qdrant(request.param, tmp_path) as made:
        yield made


async def _found(index: VectorIndex, *scopes: str, tenant: str = "default", branch: str = "main") -> list[str]:
    hits = await index.search(
        vector(1, 0, 0, 0), tenant=tenant, branches=[branch], scopes=scopes or ["user=ada"], limit=10
    )
    return [id_ for id_, _ in hits]


async def test_it_is_empty_until_something_was_applied(index: VectorIndex) -> None:
    assert await index.applied() is None
    assert await index.count() == 0
    await index.apply([], gone=[], upto=3)
    assert await index.applied() == 3
    assert await index.count() == 0


async def test_search_gives_the_most_alike_first_with_their_likeness(index: VectorIndex) -> None:
    points = [point("far", 0, 1, 0, 0), point("near", 1, 0, 0, 0), point("between", 1, 1, 0, 0)]
    await index.apply(points, gone=[], upto=1)
    hits = await index.search(vector(1, 0, 0, 0), tenant="default", branches=["main"], scopes=["user=ada"], limit=2)
    assert [id_ for id_, _ in hits] == ["near", "between"]
    assert [score for _, score in hits] == pytest.approx([1, 0.7071], abs=1e-3)


async def test_search_finds_nothing_of_other_tenants_scopes_and_branches(index: VectorIndex) -> None:
    await index.apply(
        [
            point("mine", 1, 0, 0, 0),
            point("mine", 1, 0, 0, 0, tenant="other"),
            point("bob's", 1, 0, 0, 0, scope="user=bob"),
            point("forked", 1, 0, 0, 0, branch="fork"),
        ],
        gone=[],
        upto=1,
    )
    assert await index.count() == 4
    assert await _found(index) == ["mine"]
    assert await _found(index, tenant="other") == ["mine"]
    assert sorted(await _found(index, "user=ada", "user=bob")) == ["bob's", "mine"]
    assert await _found(index, branch="fork") == ["forked"]
    assert await _found(index, tenant="*") == []


async def test_a_repeat_changes_nothing_and_a_newer_vector_replaces(index: VectorIndex) -> None:
    for _ in range(2):
        await index.apply([point("a", 0, 1, 0, 0), point("b", 1, 0, 0, 0)], gone=[], upto=1)
    await index.apply([point("a", 1, 0, 0, 0)], gone=[PointKey("default", "main", "b")], upto=2)
    assert await _found(index) == ["a"]
    assert await index.count() == 1
    assert await index.applied() == 2


async def test_what_is_gone_is_gone_for_its_tenant_only(index: VectorIndex) -> None:
    await index.apply([point("a", 1, 0, 0, 0), point("a", 1, 0, 0, 0, tenant="other")], gone=[], upto=1)
    await index.apply([], gone=[PointKey("other", "main", "a"), PointKey("other", "main", "never")], upto=2)
    assert await _found(index) == ["a"]
    assert await _found(index, tenant="other") == []


async def test_dropping_removes_everything(index: VectorIndex) -> None:
    await index.apply([point("a", 1, 0, 0, 0)], gone=[], upto=1)
    await index.drop()
    assert await index.applied() is None
    assert await index.count() == 0
    await index.apply([point("a", 1, 0, 0, 0)], gone=[], upto=1)
    assert await _found(index) == ["a"]


async def test_what_a_folder_holds_is_there_after_it_was_closed(tmp_path: Path) -> None:
    async def opened() -> QdrantVectorIndex:
        return QdrantVectorIndex(connect(f"path:{tmp_path}"), embedder="test", dimensions=DIMENSIONS)

    first = await opened()
    await first.apply([point("a", 1, 0, 0, 0)], gone=[], upto=7)
    await first.close()
    second = await opened()
    assert (await second.applied(), await _found(second)) == (7, ["a"])
    await second.close()


async def test_a_server_that_is_away_is_named_with_what_to_do() -> None:
    url = f"http://{HOST}:{free_port()}"
    index = QdrantVectorIndex(connect(url), embedder="test", dimensions=DIMENSIONS, place=url)
    with pytest.raises(BackendUnavailable, match=f"{url}.*QDRANT_URL"):
        await index.applied()
    with pytest.raises(BackendUnavailable):
        await _found(index)
    await index.close()
