"""Memories as users of the client hold them. No server is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import BadRequest, Forbidden, NotFound, VersionConflict
from contracts.memories import MemoryScope
from perdure.memory import Memories
from perdure.settings import Settings
from perdure.storage import Storage
from tests.support.embedding_server import EmbeddingServer
from tests.support.http_server import Exchange, HttpRequest
from tests.support.local_http import served


@pytest.fixture(scope="module")
async def storage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Storage]:
    storage = Storage(Settings(home=tmp_path_factory.mktemp("home")))
    yield storage
    await storage.close()


@pytest.fixture
def memory(storage: Storage, request: pytest.FixtureRequest) -> Memories:
    """Memories of a tenant of its own for each test."""
    return storage.memory.of(tenant=request.node.name[:60].replace("[", ".").replace("]", "")).by("zoe")


async def test_what_is_remembered_of_somebody_is_found_by_him(memory: Memories) -> None:
    await memory.add("Ada takes her coffee without milk.", user="ada", tags=["drinks"])
    await memory.add("Bob takes his coffee with milk.", user="bob")
    found = await memory.search("coffee", user="ada", limit=5, explain=True)
    assert [hit.memory.text for hit in found.hits] == ["Ada takes her coffee without milk."]
    assert sum(share.score for share in found.hits[0].shares) == pytest.approx(found.hits[0].score)
    assert (await memory.search("coffee")).hits == ()
    assert len((await memory.search("coffee", operator=True)).hits) == 2


async def test_a_bound_caller_writes_and_reads_its_own(memory: Memories) -> None:
    session = memory.of(user="ada", session="s-1").by("max", run="run-1")
    written = await session.add("The meeting was moved to Friday.")
    assert written.scope == MemoryScope(user="ada", session="s-1")
    assert (written.author.actor, written.author.run) == ("max", "run-1")
    assert (await session.get(written.id)).text == written.text
    with pytest.raises(NotFound):
        await memory.of(user="ada").get(written.id)


async def test_a_memory_is_changed_reviewed_marked_and_forgotten(memory: Memories) -> None:
    ada = memory.of(user="ada")
    first = await ada.add("Ada works in Lisbon.", status="review", doubt="who says?")
    assert [one.id for one in (await ada.list(filter={"statuses": ["review"]})).memories] == [first.id]
    await ada.review(first.id, decision="accept")
    edited = await ada.edit(first.id, expect=2, text="Ada works in Porto.", why="moved")
    assert (edited.version, edited.author.why) == (3, "moved")
    with pytest.raises(VersionConflict):
        await ada.edit(first.id, expect=2, pinned=True)
    await ada.mark(first.id, useful=True)
    assert await memory.unlearn(operator=True) == 1
    with pytest.raises(Forbidden):
        await ada.unlearn()
    await ada.forget(first.id, why="asked to")
    assert [one.status for one in await ada.history(first.id)] == ["forgotten", "active", "active", "review"]
    assert (await ada.stats())["memories"]["status"] == {"forgotten": 1}


async def test_relations_are_made_and_walked(memory: Memories) -> None:
    ada = memory.of(user="ada")
    made = await ada.relate("entity:ada", "entity:bob", kind="knows", mutual=True, strength=0.6)
    assert (made.scope, made.strength) == ("user=ada", 0.6)
    assert [relation.kind for relation in await ada.relations("entity:bob")] == ["knows"]
    way = await ada.path("entity:ada", "entity:bob")
    assert way is not None
    assert way.nodes == ("entity:ada", "entity:bob")
    assert await memory.of(user="bob").relations("entity:bob") == ()


async def test_the_same_key_adds_once(memory: Memories) -> None:
    added = [await memory.add("Once", user="ada", idempotency_key="k") for _ in range(2)]
    assert added[0].id == added[1].id


@pytest.mark.parametrize(
    "options",
    [
        {"users": "ada"},
        {"user": "*"},
        {"limit": 0},
        {"filter": {"tag": "x"}},
        {"filter": {"kinds": ["odd"]}},
        {"as_off": 1},
    ],
)
async def test_a_wrong_option_is_refused(memory: Memories, options: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        await memory.search("coffee", **options)


async def test_a_wrong_name_of_whose_is_refused(memory: Memories) -> None:
    whose: dict[str, Any] = {"usr": "ada"}
    with pytest.raises(BadRequest, match="no option 'usr'"):
        memory.of(**whose)


async def test_outside_sources_take_part_in_searches(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "guide.md").write_text("# Deploying\n\nNever deploy on Fridays.\n")

    async def answer(_: HttpRequest, exchange: Exchange) -> None:
        exchange.send(200, b'{"results": [{"text": "Deploy by `make deploy`.", "score": 0.5, "document": "wiki/7"}]}')

    async with served(answer) as url:
        settings = Settings.load(
            {"PERDURE_HOME": str(tmp_path), "PERDURE_MEMORY_SOURCES": f"{tmp_path / 'docs'},{url},{tmp_path / 'gone'}"}
        )
        storage = Storage(settings)
        await storage.memory.add("Ada deploys on Mondays.", user="ada")
        found = await storage.memory.search("when to deploy", user="ada")
        await storage.close()
    texts = [hit.memory.text for hit in found.hits]
    assert sorted(texts) == [
        "Ada deploys on Mondays.",
        "Deploy by `make deploy`.",
        "Deploying\nNever deploy on Fridays.",
    ]
    assert [part.startswith("folder gone: ") for part in found.degraded] == [True]


async def test_an_embedder_whose_vectors_have_no_known_length(tmp_path: Path) -> None:
    server = EmbeddingServer(refusals=[(401, b"no", {})])
    async with served(server.answer) as url:
        environ = {
            "PERDURE_HOME": str(tmp_path),
            "PERDURE_EMBEDDER": "openai:hashed",
            "PERDURE_EMBEDDER_URL": f"{url}/v1",
        }
        for number in (1, 2):
            storage = Storage(Settings.load(environ))
            await storage.memory.add(f"Ada deploys on Mondays, {number}.", user="ada")
            found = await storage.memory.search("Ada deploys on Mondays", user="ada", explain=True)
            await storage.close()
            assert len(found.hits) == number
            assert "dense" in {share.leg for hit in found.hits for share in hit.shares}
