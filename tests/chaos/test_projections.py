"""Projections follow the ledger, whatever happens to them: here with what needs no server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.errors import BadRequest
from contracts.memories import Forgetting, MemoryCommit, MemoryDraft, MemoryRevision
from contracts.relations import Relation
from memory.sql_graph import SqlMemoryGraph
from perdure.ports import HOST, free_port
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.projections import qdrant, qdrant_at
from tests.support.remembering import ADA, Remembering, remembering
from tests.support.state_backends import DATABASES
from tests.support.waiting import until


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Remembering]:
    async with qdrant("memory", tmp_path) as index, remembering(Settings(home=tmp_path), index=index) as opened:
        yield opened


@pytest.mark.parametrize("state_backend", DATABASES, indirect=True)
async def test_several_processes_follow_at_once(state_settings: Settings, tmp_path: Path) -> None:
    async with (
        qdrant("memory", tmp_path) as index,
        remembering(state_settings, index=index) as one,
        remembering(state_settings, index=index) as other,
    ):
        adding = (opened.add(f"I met Person{number} in Lisbon") for opened in (one, other) for number in range(10))
        await asyncio.gather(*adding)
        await one.until_equal()
        assert await other.equal()


async def test_what_was_written_is_there_when_the_write_returns(opened: Remembering) -> None:
    first, second = await opened.add("I met Bob in Lisbon", "we like Lisbon")
    assert await opened.equal()
    await opened.commit(MemoryCommit(revisions=(MemoryRevision(id=first.id, text="I met Eve in Porto"),)))
    assert await opened.equal()
    newer = MemoryDraft(text="Now we like Faro better", scope=ADA, supersedes=(second.id,))
    await opened.commit(MemoryCommit(drafts=(newer,), forgettings=(Forgetting(id=first.id),)))
    assert await opened.equal()
    assert await opened.projections.lag() == {"graph": 0, "qdrant": 0}
    assert opened.projections.degraded() == ()


async def test_what_is_related_by_hand_is_in_a_graph_elsewhere_at_once(tmp_path: Path) -> None:
    relation = Relation(start="entity:bob", end="entity:eve", kind="knows")
    # Another database stands for the other graph: a graph is a graph.
    async with (
        open_stores(Settings(home=tmp_path / "other")) as elsewhere,
        remembering(Settings(home=tmp_path / "this"), walking=SqlMemoryGraph(elsewhere.database)) as opened,
    ):
        for uses in (1, 2):
            await opened.projections.relate(relation)
            (found,) = await opened.projections.graph.relations("entity:eve", tenant="default", now=datetime.now(UTC))
            assert found.uses == uses
        assert await opened.projections.lag() == {"graph": 0, "neo4j": 0}


async def test_one_that_came_back_empty_is_filled_again(opened: Remembering) -> None:
    await opened.add("I met Bob in Lisbon")
    assert opened.index is not None
    await opened.index.drop()
    await opened.until_equal()
    await opened.index.drop()
    await opened.add("I met Eve in Porto")
    await opened.until_equal()


async def test_they_are_built_anew_on_request_while_others_write(opened: Remembering) -> None:
    await opened.add(*(f"I met Person{number} in Lisbon" for number in range(20)))
    assert await opened.projections.reindex() == {"graph": 60, "qdrant": 20}
    assert await opened.projections.reindex(only=["qdrant"]) == {"qdrant": 20}
    assert await opened.equal()
    with pytest.raises(BadRequest, match="no neo4j"):
        await opened.projections.reindex(only=["neo4j"])


async def test_without_its_server_writes_go_on_and_it_is_said(tmp_path: Path) -> None:
    url = f"http://{HOST}:{free_port()}"
    async with qdrant_at(url) as away, remembering(Settings(home=tmp_path), index=away) as opened:
        await opened.add("I met Bob in Lisbon")
        await until(lambda: opened.projections.degraded() != ())
        assert url in opened.projections.degraded()[0]
        assert await opened.projections.lag() == {"graph": 0, "qdrant": None}
        assert await opened.graph.count() == 3
