"""A worker that is killed between the ledger and its projections: at the next start they are equal."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from contracts.projection_ports import MemoryGraph, VectorIndex
from memory.memory_ledger import SqlMemoryLedger
from memory.sql_graph import SqlMemoryGraph
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.chaos_worker import kill
from tests.support.neo4j import Neo4jServer
from tests.support.projections import neo4j_at, qdrant_in
from tests.support.remembering import remembering
from tests.support.remembering_process import Life
from tests.support.waiting import until

_KILLS = 20


@pytest.mark.long
async def test_killed_20_times_at_random_the_projections_equal_the_ledger_after_start(
    neo4j_server: Neo4jServer, tmp_path: Path
) -> None:
    settings, chance, behind = Settings(home=tmp_path / "home"), random.Random(5), 0
    for number in range(_KILLS):
        life = Life(seed=number, folder=tmp_path / "qdrant", neo4j_url=neo4j_server.url, space=tmp_path.name)
        child = await life.start(settings)
        await until(lambda child=child: bool(child.output()), seconds=60)  # type: ignore[misc]
        await asyncio.sleep(chance.uniform(0, 0.6))
        await kill(child)
        assert "Traceback" not in child.output()
        async with qdrant_in(life.folder) as index, neo4j_at(life.neo4j_url, space=life.space) as walking:
            behind += await _is_behind(settings, index, walking)
            async with remembering(settings, index=index, walking=walking) as opened:
                await opened.until_equal()
    assert behind > 0, "no kill fell between the ledger and its projections"


async def _is_behind(settings: Settings, index: VectorIndex, walking: MemoryGraph) -> bool:
    """Whether one of the projections lacks something, before anybody follows."""
    async with open_stores(settings) as stores:
        graph = SqlMemoryGraph(stores.database)
        written = await SqlMemoryLedger(stores.database).moved(tenant="default")
        related = await graph.last_move()
        return {await graph.applied(), await index.applied()} != {written} or await walking.applied() != related
