"""What searches promise: see `contracts.memory_ports.MemoryStore.search` and `contracts.recall`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from contracts.errors import BadRequest
from contracts.memories import Forgetting, MemoryDraft, MemoryRevision, MemoryScope, MemorySource
from contracts.recall import MemoryFilter, MemoryQuery
from tests.support.minds import Mind, texts_of

pytestmark = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
MAY = datetime(2026, 5, 3, 12, tzinfo=UTC)


async def test_the_shares_of_a_hit_add_up_to_its_score(mind: Mind) -> None:
    await mind.add("Ada bought a red bicycle in Lisbon", "The bicycle has a flat tyre", "Bob sings", speaker="Ada")
    found = await mind.search("What is wrong with the bicycle of Ada?", explain=True)
    assert found.hits[0].memory.text.count("bicycle") == 1
    for hit in found.hits:
        assert hit.shares
        assert sum(share.score for share in hit.shares) == pytest.approx(hit.score)
        assert all(share.score == pytest.approx(share.value * share.weight) for share in hit.shares)
    assert (await mind.search("What is wrong with the bicycle?")).hits[0].shares == ()


async def test_a_word_that_nobody_wrote_is_corrected_and_said(mind: Mind) -> None:
    await mind.add("Ada bought a bicycle", "Ada likes strong coffee")
    found = await mind.search("her bicylce")
    assert texts_of(found)[0] == "Ada bought a bicycle"
    assert [(one.word, one.used) for one in found.corrections] == [("bicylce", "bicycle")]


async def test_a_search_unites_all_scopes_that_the_caller_sees(mind: Mind) -> None:
    scopes = [
        MemoryScope(),
        MemoryScope(user="ada"),
        MemoryScope(agent="writer"),
        MemoryScope(user="ada", agent="writer"),
        MemoryScope(user="ada", session="s"),
        MemoryScope(user="bob"),
        MemoryScope(user="ada", agent="critic"),
    ]
    for scope in scopes:
        await mind.one(f"The harbour, as kept for {scope.key or 'all'}", scope=scope)
    seen = await mind.found("harbour", by=mind.caller(agent="writer", session="s"))
    assert {text.removeprefix("The harbour, as kept for ") for text in seen} == {
        "all",
        "user=ada",
        "agent=writer",
        "user=ada&agent=writer",
        "user=ada&session=s",
    }
    exactly = MemoryFilter(scope=MemoryScope(user="ada"))
    assert await mind.found("harbour", filter=exactly) == ["The harbour, as kept for user=ada"]


async def test_every_field_can_be_a_filter(mind: Mind) -> None:
    wanted = await mind.one(
        "The harbour at night",
        kind="episodic",
        tags=("sea", "night"),
        entities=("Harbour",),
        speaker="Ada",
        importance=0.9,
        pinned=True,
        happened_at=MAY,
        source=MemorySource(run="run-1", thread="t-1", document="log.md"),
        metadata={"colour": "blue"},
    )
    await mind.one("The harbour by day", happened_at=MAY - timedelta(days=30))
    day = timedelta(days=1)
    filters = [
        MemoryFilter(ids=(wanted.id,)),
        MemoryFilter(kinds=("episodic",)),
        MemoryFilter(tags=("sea", "night")),
        MemoryFilter(any_tags=("night", "moon")),
        MemoryFilter(entities=("harbour",)),
        MemoryFilter(speaker="Ada"),
        MemoryFilter(pinned=True),
        MemoryFilter(min_importance=0.8),
        MemoryFilter(contains="AT NIGHT"),
        MemoryFilter(said_after=MAY - day, said_before=MAY + day),
        MemoryFilter(run="run-1"),
        MemoryFilter(thread="t-1"),
        MemoryFilter(document="log.md"),
        MemoryFilter(metadata={"colour": "blue"}),
        MemoryFilter(written_before=datetime.now(UTC) + day, kinds=("episodic",)),
    ]
    for chosen in filters:
        assert await mind.found("harbour", filter=chosen) == ["The harbour at night"], chosen
        assert await mind.found("", filter=chosen) == ["The harbour at night"], chosen
    assert await mind.found("harbour", filter=MemoryFilter(written_after=datetime.now(UTC) + day)) == []


async def test_who_asks_for_it_finds_what_is_not_recalled(mind: Mind) -> None:
    old = await mind.one("Ada lives in Porto")
    await mind.one("Ada lives in Lisbon", supersedes=(old.id,))
    await mind.one("Ada lives on the moon", status="review")
    chosen = MemoryFilter(statuses=("superseded", "review"))
    assert set(await mind.found("Where does Ada live?", filter=chosen)) == {
        "Ada lives in Porto",
        "Ada lives on the moon",
    }
    every = MemoryFilter(statuses=("active", "review"))
    assert len(await mind.found("Where does Ada live?", filter=every)) == 2


async def test_pages_stay_as_the_first_one_was_while_memories_come_and_go(mind: Mind) -> None:
    written = await mind.add(*(f"note {number} of the harbour" for number in range(12)))
    whole = await mind.found("harbour note", limit=12)
    query = MemoryQuery(text="harbour note", limit=5)
    page = await mind.store.search(mind.caller(), query)
    seen = texts_of(page)
    await mind.add(*(f"harbour note {number}, a harbour note" for number in range(20, 30)))
    gone = next(memory for memory in written if memory.text == whole[7])
    await mind.store.forget(mind.caller(), Forgetting(id=gone.id))
    while page.after is not None:
        page = await mind.store.search(mind.caller(), query.model_copy(update={"after": page.after}))
        seen += texts_of(page)
    assert seen == [text for text in whole if text != gone.text]


async def test_the_latest_come_in_pages_too(mind: Mind) -> None:
    await mind.add(*(f"note {number}" for number in range(5)))
    first = await mind.search("", limit=3)
    rest = await mind.search("", limit=3, after=first.after)
    assert sorted(texts_of(first) + texts_of(rest)) == [f"note {number}" for number in range(5)]
    assert rest.after is None


@pytest.mark.parametrize("cursor", ["nonsense", "", "WyJhIiwgMSwgMiwgM10", "*", "é", "eyJhIjoxfQ"])
async def test_a_cursor_that_is_none_is_refused(mind: Mind, cursor: str) -> None:
    with pytest.raises(BadRequest, match="cursor"):
        await mind.search("harbour", after=cursor)


async def test_a_cursor_is_good_for_its_question_and_caller_only(mind: Mind) -> None:
    await mind.add(*(f"note {number} of the harbour" for number in range(5)))
    await mind.add(*(f"note {number} of the harbour" for number in range(5)), user="bob")
    after = (await mind.search("harbour", limit=2)).after
    for more in ({"text": "note"}, {"by": mind.caller("bob")}, {"filter": MemoryFilter(pinned=False)}):
        with pytest.raises(BadRequest, match="another question"):
            await mind.search(**{"text": "harbour", "limit": 2, "after": after, **more})  # type: ignore[arg-type]


async def test_a_repeated_question_is_answered_from_what_is_kept_until_something_changes(mind: Mind) -> None:
    await mind.one("Ada lives in Porto")
    assert not (await mind.search("Where does Ada live?", explain=True)).cached
    again = await mind.search("Where does Ada live?", explain=True)
    assert again.cached
    assert again.hits[0].shares
    assert not (await mind.search("Where does Ada live?", by=mind.caller("bob"))).cached
    await mind.one("Ada sold her house")
    assert not (await mind.search("Where does Ada live?", explain=True)).cached


async def test_what_is_kept_expires_with_its_memories(mind: Mind) -> None:
    await mind.one("Ada is in Porto today", expires_at=datetime.now(UTC) + timedelta(seconds=0.2))
    assert await mind.found("Where is Ada?") == ["Ada is in Porto today"]
    await asyncio.sleep(0.25)
    assert await mind.found("Where is Ada?") == []


async def test_the_past_is_as_it_was_then(mind: Mind) -> None:
    first = await mind.one("Ada lives in Porto", expires_at=datetime.now(UTC) + timedelta(seconds=0.1))
    second = await mind.one("Ada works in the harbour")
    await mind.store.edit(mind.caller(), MemoryRevision(id=second.id, text="Ada works in the town hall"))
    await asyncio.sleep(0.15)
    assert await mind.found("Where does Ada work?") == ["Ada works in the town hall"]
    assert set(await mind.found("Where does Ada work?", as_of=second.sequence)) == {
        "Ada lives in Porto",
        "Ada works in the harbour",
    }
    assert await mind.found("Where does Ada live?", as_of=first.sequence) == ["Ada lives in Porto"]
    assert await mind.found("Where does Ada live?", as_of=first.written_at - timedelta(days=1)) == []


async def test_a_question_may_name_a_day(mind: Mind) -> None:
    for days, text in ((0, "Ada visited the dentist"), (1, "Ada visited the museum"), (9, "Ada visited her aunt")):
        await mind.one(text, happened_at=MAY - timedelta(days=days), speaker="Ada")
    assert (await mind.found("What did Ada visit yesterday?", now=MAY))[0] == "Ada visited the museum"
    assert (await mind.found("What did Ada visit on 24 April 2026?", now=MAY))[0] == "Ada visited her aunt"


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "  ", "'; DROP TABLE memories; --", "MATCH (n) DETACH DELETE n"])
async def test_a_query_is_only_text(mind: Mind, text: str) -> None:
    await mind.one("Ada lives in Porto")
    await mind.search(text)
    assert await mind.found("Porto") == ["Ada lives in Porto"]


async def test_to_warm_is_to_have_the_index(mind: Mind) -> None:
    await mind.store.add(mind.caller(), [MemoryDraft(text="Ada lives in Porto", scope=MemoryScope(user="ada"))])
    before = (await mind.store.stats(mind.caller()))["indexes"]["memories"]
    await mind.store.warm(mind.caller())
    assert (await mind.store.stats(mind.caller()))["indexes"]["memories"] == before + 1
