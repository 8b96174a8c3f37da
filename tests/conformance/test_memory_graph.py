"""What every graph of relations promises: see `contracts.memory_ports.MemoryGraph`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import BackendUnavailable, BadRequest
from contracts.projection_ports import MemoryGraph
from contracts.relations import Relation, RelationChange
from memory.neo4j_connection import Neo4jConnection
from memory.neo4j_graph import Neo4jMemoryGraph
from memory.sql_graph import SqlMemoryGraph
from perdure.ports import HOST, free_port
from perdure.stores import open_stores
from tests.support.neo4j import Neo4jServer
from tests.support.projections import NOW, change, neo4j_graph
from tests.support.state_backends import StateBackend

_KINDS = ("sqlite", "postgresql", "neo4j")


@pytest.fixture(params=_KINDS)
def server(request: pytest.FixtureRequest) -> Any:
    """The server that a kind needs; None where it needs none."""
    needs = {"postgresql": "postgres", "neo4j": "neo4j_server"}.get(request.param)
    return request.getfixturevalue(needs) if needs else None


@pytest.fixture
async def graph(server: Any, tmp_path: Path) -> AsyncIterator[MemoryGraph]:
    if isinstance(server, Neo4jServer):
        async with neo4j_graph(server) as walking:
            yield walking
        return
    async with StateBackend(postgres=server).settings(tmp_path) as settings, open_stores(settings) as stores:
        yield SqlMemoryGraph(stores.database)


async def _strength(graph: MemoryGraph, node: str, *, days: float = 0) -> float:
    (relation,) = await graph.relations(node, tenant="default", now=NOW + timedelta(days=days))
    return relation.strength


async def _near(graph: MemoryGraph, *nodes: str, depth: int = 1) -> list[tuple[str, float]]:
    found = await graph.neighbours(nodes, tenant="default", depth=depth, now=NOW)
    return [(node, round(strength, 4)) for node, strength in found]


async def test_it_is_empty_until_something_was_applied(graph: MemoryGraph) -> None:
    assert await graph.applied() is None
    assert await graph.relations("a", tenant="default", now=NOW) == ()
    await graph.apply([], upto=3)
    assert (await graph.applied(), await graph.count()) == (3, 0)


async def test_a_relation_is_seen_from_both_its_ends(graph: MemoryGraph) -> None:
    await graph.apply([change("a", "b", 1, mutual=False, scope="user=ada")], upto=1)
    (seen,) = await graph.relations("b", tenant="default", now=NOW)
    assert seen == Relation(start="a", end="b", kind="knows", strength=0.5, used_at=NOW, scope="user=ada")
    assert await graph.relations("a", tenant="default", now=NOW) == (seen,)


async def test_a_mutual_relation_is_one_from_whichever_end_it_is_told(graph: MemoryGraph) -> None:
    await graph.apply([change("b", "a", 1, mutual=True), change("a", "b", 2, mutual=True)], upto=2)
    (seen,) = await graph.relations("a", tenant="default", now=NOW)
    assert (seen.start, seen.end, seen.uses) == ("a", "b", 2)


async def test_use_makes_stronger_by_half_of_what_lacks_and_a_month_halves(graph: MemoryGraph) -> None:
    await graph.apply([change("a", "b", 1), change("a", "b", 2)], upto=2)
    assert await _strength(graph, "a") == pytest.approx(0.75)
    assert await _strength(graph, "a", days=30) == pytest.approx(0.375)
    await graph.apply([change("a", "b", 3, days=-30)], upto=3)
    assert await _strength(graph, "a", days=30) == pytest.approx((1 + 0.375) / 2)


async def test_a_repeat_changes_nothing(graph: MemoryGraph) -> None:
    for _ in range(2):
        await graph.apply([change("a", "b", 1), change("a", "b", 2)], upto=2)
    await graph.apply([change("a", "b", 2), change("a", "b", 3)], upto=3)
    assert await _strength(graph, "a") == pytest.approx(0.875)
    assert (await graph.applied(), await graph.count()) == (3, 1)


async def test_the_same_applied_by_several_at_once_counts_once(graph: MemoryGraph) -> None:
    changes = [change("a", f"b{number}", number) for number in range(1, 9)]
    await asyncio.gather(*(graph.apply(changes, upto=8) for _ in range(4)))
    relations = await graph.relations("a", tenant="default", now=NOW)
    assert [relation.uses for relation in relations] == [1] * 8


async def test_what_is_set_is_as_given_and_what_ended_is_no_more(graph: MemoryGraph) -> None:
    await graph.apply([change("a", "b", 1), change("a", "c", 1)], upto=1)
    await graph.apply([change("a", "b", 2, what="set", strength=0.9), change("a", "c", 2, what="ended")], upto=2)
    assert await _near(graph, "a") == [("b", 0.9)]
    assert await graph.count() == 1
    await graph.apply([change("a", "c", 3), change("a", "never", 3, what="ended")], upto=3)
    assert await _near(graph, "a") == [("b", 0.9), ("c", 0.5)]


async def test_relations_are_the_strongest_first_of_the_kinds_asked_for(graph: MemoryGraph) -> None:
    changes = [
        change("a", "old", 1, strength=0.9, days=60),
        change("a", "new", 1, strength=0.5),
        change("a", "other", 1, strength=0.7, kind="likes"),
    ]
    await graph.apply(changes, upto=1)
    found = await graph.relations("a", tenant="default", now=NOW)
    assert [relation.end for relation in found] == ["other", "new", "old"]
    found = await graph.relations("a", tenant="default", kinds=["knows"], limit=1, now=NOW)
    assert [relation.end for relation in found] == ["new"]


async def test_other_tenants_and_scopes_are_not_there(graph: MemoryGraph) -> None:
    hostile = "x'}) DETACH DELETE n // \"; DROP TABLE relations; --"
    changes = [
        change("a", "mine", 1, scope="user=ada"),
        change("a", "his", 1, scope="user=bob"),
        change("a", "theirs", 1, tenant="other"),
        change("mine", hostile, 1, scope="user=ada"),
        change("his", hostile, 1, scope="user=bob"),
    ]
    await graph.apply(changes, upto=1)
    ada = ["user=ada", ""]
    assert [relation.end for relation in await graph.relations("a", tenant="default", scopes=ada, now=NOW)] == ["mine"]
    assert dict(await graph.neighbours(["a"], tenant="default", scopes=ada, depth=4, now=NOW)) == {
        "mine": 0.5,
        hostile: 0.25,
    }
    assert await graph.path("a", "his", tenant="default", scopes=ada, now=NOW) is None
    assert dict(await graph.neighbours(["a"], tenant="other", now=NOW)) == {"theirs": 0.5}
    assert await graph.neighbours(["a"], tenant="*", now=NOW) == ()


async def test_neighbours_have_the_product_of_their_best_way(graph: MemoryGraph) -> None:
    changes = [
        change("a", "b", 1, strength=0.8),
        change("c", "b", 1, strength=0.5),
        change("a", "c", 1, strength=0.1),
        change("c", "d", 1, strength=0.5),
    ]
    await graph.apply(changes, upto=1)
    assert await _near(graph, "a") == [("b", 0.8), ("c", 0.1)]
    assert await _near(graph, "a", depth=2) == [("b", 0.8), ("c", 0.4), ("d", 0.05)]
    assert await _near(graph, "a", depth=3) == [("b", 0.8), ("c", 0.4), ("d", 0.2)]
    assert await _near(graph, "a", "b") == [("a", 0.8), ("b", 0.8), ("c", 0.5)]
    found = await graph.neighbours(["a"], tenant="default", without=["knows"], now=NOW)
    assert found == ()


async def test_a_path_is_the_strongest_of_the_shortest(graph: MemoryGraph) -> None:
    changes = [
        *(change("a", middle, 1, strength=strength) for middle, strength in (("weak", 0.2), ("strong", 0.5))),
        *(change(middle, "z", 1, strength=0.5) for middle in ("weak", "strong")),
        change("z", "far", 1),
    ]
    await graph.apply(changes, upto=1)
    path = await graph.path("a", "z", tenant="default", now=NOW)
    assert path is not None
    assert path.nodes == ("a", "strong", "z")
    assert [relation.strength for relation in path.relations] == [0.5, 0.5]
    assert path.strength == pytest.approx(0.25)
    assert await graph.path("a", "far", tenant="default", depth=2, now=NOW) is None
    assert await graph.path("a", "nowhere", tenant="default", now=NOW) is None


async def test_of_a_crowded_node_the_strongest_relations_are_walked(graph: MemoryGraph) -> None:
    changes = [change("hub", f"n{number:03}", 1, strength=number / 300) for number in range(1, 251)]
    await graph.apply(changes, upto=1)
    found = await graph.neighbours(["hub"], tenant="default", limit=1_000, now=NOW)
    assert [node for node, _ in found] == [f"n{number:03}" for number in range(250, 50, -1)]


async def test_dropping_removes_everything_that_follows_from_memories(graph: MemoryGraph) -> None:
    changes = [change("m1", "entity:lisbon", 1, kind="mentions")]
    await graph.apply(changes, upto=1)
    await graph.drop()
    assert (await graph.applied(), await graph.count()) == (None, 0)
    await graph.apply(changes, upto=1)
    assert await _near(graph, "entity:lisbon") == [("m1", 0.5)]


async def test_what_is_related_by_hand_is_told_to_those_who_follow(tmp_path: Path) -> None:
    async with StateBackend().settings(tmp_path) as settings, open_stores(settings) as stores:
        graph = SqlMemoryGraph(stores.database)
        relation = Relation(start="entity:bob", end="entity:ada", kind="knows", mutual=True)
        await asyncio.gather(*(graph.relate(relation) for _ in range(3)))
        changes, upto = await graph.moves(after=0, limit=1)
        assert [(change.change, change.relation.uses) for change in changes] == [("set", 3)]
        assert changes[0].relation.strength == pytest.approx(0.875, abs=1e-3)
        assert (changes[0].relation.start, upto) == ("entity:ada", await graph.last_move())
        await graph.drop()
        assert await graph.count() == 1
        with pytest.raises(BadRequest, match="'mentions' follow from memories"):
            await graph.relate(relation.model_copy(update={"kind": "mentions"}))


async def test_a_server_that_is_away_is_named_with_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    url = f"bolt://{HOST}:{free_port()}"
    graph = Neo4jMemoryGraph(Neo4jConnection(url, patience=timedelta(seconds=30)))
    # Nobody waits for a closed port, and what the driver says of it is no line of ours.
    async with asyncio.timeout(2):
        with pytest.raises(BackendUnavailable, match=rf"Neo4j at {url} cannot be used \(Connection refused\)"):
            await graph.applied()
    assert caplog.messages == []
    with pytest.raises(BackendUnavailable):
        await graph.apply([RelationChange(relation=Relation(start="a", end="b", kind="knows"), sequence=1)], upto=1)
    await graph.close()
