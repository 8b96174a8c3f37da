"""Servers of projections that are away, silent, or back empty: writes and reads go on, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.errors import BackendUnavailable
from perdure.settings import Settings
from tests.support.neo4j import Neo4jServer, started_neo4j
from tests.support.projections import neo4j_at, qdrant_at, vector
from tests.support.proxy import proxy
from tests.support.remembering import Remembering, remembering
from tests.support.waiting import until

pytestmark = pytest.mark.long
_NODE = "entity:lisbon"
# What a write waits for the slowest projection, and time for a loaded machine.
_MOST_SECONDS = 0.3 + 0.7


@pytest.fixture
async def server() -> AsyncIterator[Neo4jServer]:
    """A server of the test's own, which it may end."""
    async with started_neo4j() as server:
        yield server


async def _written(opened: Remembering, person: str) -> None:
    """Write a memory, and see that it is there at once, and that nobody waited long."""
    began = time.monotonic()
    await opened.add(f"I met {person} in Lisbon")
    assert time.monotonic() - began < _MOST_SECONDS
    began, now = time.monotonic(), datetime.now(UTC)
    found = await opened.projections.graph.neighbours([_NODE], tenant="default", depth=2, now=now)
    assert time.monotonic() - began < _MOST_SECONDS
    assert f"entity:{person.lower()}" in dict(found)


async def _says(opened: Remembering, name: str) -> None:
    await until(lambda: any(f"{name} at" in text for text in opened.projections.degraded()), seconds=20)


async def test_neo4j_away_silent_and_back_empty(server: Neo4jServer, tmp_path: Path) -> None:
    patience = timedelta(seconds=2)
    async with (
        neo4j_at(server.url, space="test", patience=patience) as walking,
        remembering(Settings(home=tmp_path), walking=walking) as opened,
    ):
        await opened.add("I met Bob in Lisbon")
        await opened.until_equal()

        await server.kill()
        for person in ("Eve", "Mallory"):
            await _written(opened, person)
        await _says(opened, "Neo4j")
        await server.start()
        await opened.until_equal()
        assert opened.projections.degraded() == ()

        server.freeze()
        for person in ("Trent", "Peggy"):
            await _written(opened, person)
        await _says(opened, "Neo4j")
        server.thaw()
        await opened.until_equal()

        await server.empty()
        await _written(opened, "Victor")
        await server.start()
        await opened.until_equal()
        assert await walking.count() == await opened.graph.count()


async def test_qdrant_silent(tmp_path: Path) -> None:
    async with proxy(9) as network:
        network.part()
        url = f"http://127.0.0.1:{network.port}"
        async with qdrant_at(url) as index, remembering(Settings(home=tmp_path), index=index) as opened:
            for person in ("Bob", "Eve", "Mallory"):
                await _written(opened, person)
            await _says(opened, "Qdrant")
            assert opened.projections.vectors is not None
            began = time.monotonic()
            with pytest.raises(BackendUnavailable, match=url):
                await opened.projections.vectors.search(
                    vector(1, 0, 0, 0), tenant="default", branches=["main"], scopes=["user=ada"], limit=1
                )
            assert time.monotonic() - began < _MOST_SECONDS
