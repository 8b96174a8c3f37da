"""What else takes part in memory, and what becomes of searches and writes while it is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from contracts.errors import BackendUnavailable, BadRequest
from contracts.memories import Caller, Memory, MemoryDraft, MemoryScope
from contracts.projection_ports import PointKey, VectorPoint
from contracts.recall import MemoryQuery, Recalled, RecallWeights
from contracts.relations import Relation
from memory.embedders.wordllama import WordLlamaEmbedder
from memory.memory_store import LedgeredMemoryStore
from memory.process_memory_cache import ProcessMemoryCache
from memory.recall.columns import Floats
from memory.store.assembly import MemoryAdapters, assembled
from memory.store.search_request import RecallTuning
from tests.support.minds import Mind, MindBackend

pytestmark = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)


class ShakyEmbedder:
    """WordLlama's vectors, when it answers."""

    def __init__(self) -> None:
        self._inner = WordLlamaEmbedder()
        self.name, self.dimensions = f"shaky-{time.monotonic_ns()}", self._inner.dimensions
        self.away = False

    async def embed(self, texts: Sequence[str]) -> Floats:
        if self.away:
            raise BackendUnavailable("the embedder at http://127.0.0.1:9 does not answer")
        return await self._inner.embed(texts)

    async def close(self) -> None:
        pass


class Alike:
    """A server of vectors that says what it is told to."""

    def __init__(self) -> None:
        self.likeness: list[tuple[str, float]] = []
        self.upto = 0
        self.away = False

    async def applied(self) -> int | None:
        self._answer()
        return self.upto

    async def apply(
        self, points: Sequence[VectorPoint], *, gone: Sequence[PointKey], upto: int, after: int | None = None
    ) -> bool:
        self._answer()
        self.upto = max(self.upto, upto)
        return True

    async def search(self, vector: bytes, **_: Any) -> Sequence[tuple[str, float]]:
        self._answer()
        assert np.frombuffer(vector, dtype="<f4").shape == (256,)
        return self.likeness

    async def count(self) -> int:
        return 0

    async def drop(self) -> None:
        self.upto = 0

    async def close(self) -> None:
        pass

    def _answer(self) -> None:
        if self.away:
            raise BackendUnavailable("Qdrant at http://127.0.0.1:9 does not answer")


class Shelf:
    """An outside source with one document."""

    name = "shelf"

    def __init__(self, *, score: float = 0.4, seconds: float = 0.0, away: bool = False) -> None:
        self._score, self._seconds, self._away = score, seconds, away

    async def search(self, text: str, *, limit: int, caller: Caller) -> tuple[Recalled, ...]:
        await asyncio.sleep(self._seconds)
        if self._away:
            raise BackendUnavailable("the folder 'shelf' cannot be read")
        now = datetime.now(UTC)
        book = Memory(
            id="outside-1",
            tenant=caller.tenant,
            branch=caller.branch,
            scope=MemoryScope(),
            kind="semantic",
            text="The harbour was built in 1904",
            version=1,
            sequence=0,
            created_at=now,
            written_at=now,
        )
        return (Recalled(memory=book, score=self._score),)

    async def close(self) -> None:
        pass


@asynccontextmanager
async def mind_with(backend: MindBackend, **adapters: Any) -> AsyncIterator[Mind]:
    """Memory on the same database with other parts."""
    async with AsyncExitStack() as exits:
        given = {"embedder": WordLlamaEmbedder(), "cache": ProcessMemoryCache(), **adapters}
        store = LedgeredMemoryStore(assembled(MemoryAdapters(database=backend.stores.database, **given), exits))
        yield Mind(store=store, other=backend.two, stores=backend.stores)


async def test_without_the_embedder_memories_are_written_and_found_by_their_words(mind_backend: MindBackend) -> None:
    embedder = ShakyEmbedder()
    async with mind_with(mind_backend, embedder=embedder) as mind:
        embedder.away = True
        await mind.one("Ada lives in Lisbon")
        await mind.one("The price of oil rose")
        found = await mind.search("Where in Lisbon does Ada live?", explain=True)
        assert found.hits[0].memory.text == "Ada lives in Lisbon"
        assert "embedder" in found.degraded[0]
        assert all(share.leg != "dense" for share in found.hits[0].shares)
        assert not (await mind.search("Where in Lisbon does Ada live?", explain=True)).cached
        embedder.away = False
        assert (await mind.store.reindex(only=["vectors"]))["vectors"] >= 2
        found = await mind.search("Where in Lisbon does Ada live?", explain=True)
        assert found.degraded == ()
        assert any(share.leg == "dense" for share in found.hits[0].shares)


async def test_a_server_of_vectors_says_what_is_alike_and_may_be_away(mind_backend: MindBackend) -> None:
    alike = Alike()
    async with mind_with(mind_backend, vector_index=alike) as mind:
        near, far = await mind.add("A boat lies in the harbour", "The mayor of the town resigned")
        alike.likeness = [(far.id, 0.9), (near.id, 0.1)]
        await _until_followed(mind)
        found = await mind.search("Which ship is at the quay?", explain=True)
        assert found.degraded == ()
        assert _dense(found.hits[0]) > 0
        assert found.hits[0].memory.id == far.id
        alike.away = True
        found = await mind.search("Which ship is in port?", explain=True)
        assert "Qdrant" in found.degraded[0] or "vectors" in found.degraded[0]
        assert found.hits[0].memory.id == near.id
        await mind.one("While it is away this is written")
        assert (await mind.found("written while away"))[0] == "While it is away this is written"


async def test_hits_from_outside_stand_among_the_others_by_their_score(mind_backend: MindBackend) -> None:
    async with mind_with(mind_backend, sources=[Shelf(score=0.4)]) as mind:
        await mind.add("Ada owns a boat in the harbour", "nothing to see here")
        found = await mind.search("harbour boat", explain=True)
        outside = next(hit for hit in found.hits if hit.memory.id == "outside-1")
        assert [(share.leg, share.score) for share in outside.shares] == [("outside", outside.score)]
        assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)
        page = await mind.search("harbour boat", limit=1)
        rest = await mind.search("harbour boat", limit=1, after=page.after)
        assert page.hits[0].memory.text == "Ada owns a boat in the harbour"
        assert all(not hit.memory.id.startswith("outside") for hit in rest.hits)


@pytest.mark.parametrize(
    ("source", "why"), [(Shelf(seconds=5), "no answer within"), (Shelf(away=True), "cannot be read")]
)
async def test_a_source_that_does_not_answer_holds_up_nobody_for_long(
    mind_backend: MindBackend, source: Shelf, why: str
) -> None:
    async with mind_with(mind_backend, sources=[source, Shelf()]) as mind:
        await mind.one("Ada owns a boat in the harbour")
        began = time.perf_counter()
        found = await mind.search("harbour boat")
        assert time.perf_counter() - began < 2
        assert [why in reason for reason in found.degraded] == [True]
        assert {hit.memory.id for hit in found.hits} > {"outside-1"}


async def test_weights_can_be_those_of_a_team(mind_backend: MindBackend) -> None:
    pinned = RecallWeights(importance=5.0)
    tuning = RecallTuning(by_team={"archive": pinned})
    async with mind_with(mind_backend, tuning=tuning) as mind:
        await mind.one("A boat in the harbour", importance=0.1)
        await mind.one("The harbour master resigned", importance=1.0)
        query = MemoryQuery(text="a boat in the harbour")
        plain = await mind.store.search(mind.caller(), query)
        theirs = await mind.store.search(mind.caller(), query.model_copy(update={"team": "archive"}))
        assert plain.hits[0].memory.text == "A boat in the harbour"
        assert theirs.hits[0].memory.text.startswith("The harbour master")


async def test_what_was_of_use_counts_is_explained_and_can_be_forgotten(mind_backend: MindBackend) -> None:
    tuning = RecallTuning(weights=RecallWeights(learned=0.5))
    async with mind_with(mind_backend, tuning=tuning, learns=True) as mind:
        one, two = await mind.add("The harbour gate is blue", "The harbour gate is green")
        before = await mind.found("harbour gate")
        last = one if before[-1] == one.text else two
        for _ in range(3):
            await mind.store.mark(mind.caller(), last.id, useful=True)
        await mind.store.drew(mind.caller(), [last.id, "nobody-has-this"])
        found = await mind.search("harbour gate", explain=True)
        assert found.hits[0].memory.id == last.id
        assert next(share for share in found.hits[0].shares if share.leg == "learned").score > 0.2
        assert await mind.store.forget_ranking(mind.caller(None, operator=True)) == 1
        assert await mind.found("harbour gate") == before
        assert all(s.leg != "learned" for s in (await mind.search("harbour gate", explain=True)).hits[0].shares)


async def test_what_is_of_no_use_does_not_rise(mind_backend: MindBackend) -> None:
    async with mind_with(mind_backend, tuning=RecallTuning(weights=RecallWeights(learned=0.5)), learns=True) as mind:
        one = await mind.one("The harbour gate is blue")
        await mind.store.mark(mind.caller(), one.id, useful=False)
        found = await mind.search("harbour gate", explain=True)
        assert all(share.leg != "learned" for share in found.hits[0].shares)


async def test_uses_do_not_count_where_the_ranking_does_not_learn(mind_backend: MindBackend) -> None:
    async with mind_with(mind_backend, tuning=RecallTuning(weights=RecallWeights(learned=0.5))) as mind:
        one = await mind.one("The harbour gate is blue")
        await mind.store.mark(mind.caller(), one.id, useful=True)
        found = await mind.search("harbour gate", explain=True)
        assert all(share.leg != "learned" for share in found.hits[0].shares)


async def test_what_is_found_leads_to_what_it_is_related_to(mind_backend: MindBackend) -> None:
    async with mind_with(mind_backend, tuning=RecallTuning(weights=RecallWeights(association=0.5))) as mind:
        plan, budget = await mind.add("The harbour plan", "Forty thousand in the first year")
        await mind.add(*(f"harbour plan, part {number}" for number in range(8)))
        await mind.store.relate(mind.caller(), Relation(start=plan.id, end=budget.id, kind="pays for", strength=0.9))
        found = await mind.search("the harbour plan", explain=True, limit=20)
        hit = next(hit for hit in found.hits if hit.memory.id == budget.id)
        assert any(share.leg == "association" for share in hit.shares)


async def test_a_fork_of_the_vectors_is_searched_in_the_process(mind_backend: MindBackend) -> None:
    alike = Alike()
    async with mind_with(mind_backend, vector_index=alike) as mind:
        await mind.stores.state.fork("side", tenant=mind.tenant)
        alike.away = True
        side = mind.on("side")
        await side.store.add(side.caller(), [MemoryDraft(text="A boat", scope=MemoryScope(user="ada"))])
        assert (await side.search("boat")).degraded == ()


async def test_missing_vectors_are_made_by_themselves(mind_backend: MindBackend) -> None:
    embedder = ShakyEmbedder()
    async with mind_with(mind_backend, embedder=embedder) as mind:
        embedder.away = True
        await mind.one("Ada lives in Lisbon")
        embedder.away = False
        await mind.one("The price of oil rose")
        async with asyncio.timeout(5):
            while not all(map(_dense, (await mind.search(f"Lisbon {time.time()}", explain=True)).hits)):
                await asyncio.sleep(0.02)


async def test_another_embedder_is_built_while_reads_go_on(mind_backend: MindBackend) -> None:
    mind = Mind.of(mind_backend)
    await mind.add(*(f"note {number} of the harbour" for number in range(300)))
    async with mind_with(mind_backend, embedder=ShakyEmbedder()) as other:
        late = Mind(store=other.store, other=mind.store, stores=mind.stores, tenant=mind.tenant)
        assert not any(map(_dense, (await late.search("harbour", explain=True)).hits))
        building = asyncio.create_task(late.store.reindex())
        while not building.done():
            assert len(await late.found(f"harbour {time.time()}", limit=20)) == 20
            await asyncio.sleep(0)
        assert (await building)["vectors"] >= 300
        found = await late.search("the quay", explain=True)
        assert any(map(_dense, found.hits))
        with pytest.raises(BadRequest, match="moon"):
            await late.store.reindex(only=["moon"])


async def _until_followed(mind: Mind) -> None:
    async with asyncio.timeout(5):
        while any(one["trouble"] for one in (await mind.store.stats(mind.caller()))["projections"].values()):
            await asyncio.sleep(0.02)


def _dense(hit: Recalled) -> float:
    return sum(share.score for share in hit.shares if share.leg == "dense")
