"""What a store of memories promises about writing and reading: see `contracts.memory_ports.MemoryStore`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from contracts.errors import Conflict, Forbidden, IdempotencyMismatch, NotFound, VersionConflict
from contracts.memories import Forgetting, Grant, MemoryDraft, MemoryRevision, MemoryScope
from contracts.recall import MemoryFilter, MemoryListing
from contracts.relations import Relation
from memory.memory_ledger import SqlMemoryLedger
from tests.support.minds import Mind

ADA, BOB = MemoryScope(user="ada"), MemoryScope(user="bob")


async def test_what_was_added_is_found_at_once_by_this_process_and_by_others(mind: Mind) -> None:
    await mind.found("warm up")
    written = await mind.one("Ada lives in Lisbon")
    assert await mind.found("Where in Lisbon does she live?") == ["Ada lives in Lisbon"]
    assert (await mind.store.get(mind.caller(), written.id)).text == "Ada lives in Lisbon"
    other = Mind(store=mind.other, other=mind.store, stores=mind.stores, tenant=mind.tenant)
    assert await other.found("Where in Lisbon does she live?") == ["Ada lives in Lisbon"]
    await mind.one("Ada sold her boat in Lisbon")
    assert set(await other.found("Lisbon")) == {"Ada lives in Lisbon", "Ada sold her boat in Lisbon"}


async def test_the_same_key_writes_once(mind: Mind) -> None:
    drafts = [
        MemoryDraft(text="Ada likes tea", scope=ADA),
        MemoryDraft(text="a note", kind="working", scope=MemoryScope(user="ada", session="s")),
    ]
    caller = mind.caller(session="s")
    first = await mind.store.add(caller, drafts, idempotency_key="k")
    again = await mind.other.add(caller, drafts, idempotency_key="k")
    assert [memory.id for memory in again] == [memory.id for memory in first]
    with pytest.raises(IdempotencyMismatch):
        await mind.store.add(caller, drafts[:1], idempotency_key="k")
    assert len(await mind.found("", by=caller)) == 2


async def test_a_change_of_text_is_found_by_its_new_words_only(mind: Mind) -> None:
    await mind.one("The meeting is on Monday")
    written = await mind.one("Ada lives in Porto")
    edited = await mind.store.edit(
        mind.caller(), MemoryRevision(id=written.id, expect=1, text="Ada lives in Lisbon"), why="she moved"
    )
    assert (edited.version, edited.author.why) == (2, "she moved")
    assert (await mind.found("Lisbon"))[0] == "Ada lives in Lisbon"
    assert "Ada lives in Porto" not in await mind.found("Porto")
    assert [one.text for one in await mind.store.history(mind.caller(), written.id)] == [
        "Ada lives in Lisbon",
        "Ada lives in Porto",
    ]
    assert (await mind.store.get(mind.caller(), written.id, version=1)).text == "Ada lives in Porto"
    assert (await mind.store.get(mind.caller(), written.id, as_of=written.sequence)).text == "Ada lives in Porto"


async def test_of_two_edits_of_one_version_one_is_made(mind: Mind) -> None:
    written = await mind.one("Ada lives in Porto")
    edits = (
        store.edit(mind.caller(), MemoryRevision(id=written.id, expect=1, text=f"Ada lives in {place}"))
        for store, place in ((mind.store, "Lisbon"), (mind.other, "Faro"))
    )
    done = await asyncio.gather(*edits, return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Memory", "VersionConflict"]
    with pytest.raises(VersionConflict):
        await mind.store.forget(mind.caller(), Forgetting(id=written.id, expect=1))


async def test_what_is_forgotten_is_gone_but_for_its_history(mind: Mind) -> None:
    written = await mind.one("Ada lives in Porto")
    await mind.store.forget(mind.caller(), Forgetting(id=written.id), why="she asked")
    assert await mind.found("Porto") == []
    assert await mind.found("") == []
    with pytest.raises(NotFound, match="forgotten"):
        await mind.store.get(mind.caller(), written.id)
    with pytest.raises(NotFound):
        await mind.store.edit(mind.caller(), MemoryRevision(id=written.id, text="again"))
    latest = (await mind.store.history(mind.caller(), written.id))[0]
    assert (latest.status, latest.text, latest.author.why) == ("forgotten", "", "she asked")


async def test_what_is_held_is_not_forgotten(mind: Mind) -> None:
    written = await mind.one("Ada signed the contract", hold=True)
    with pytest.raises(Conflict):
        await mind.store.forget(mind.caller(), Forgetting(id=written.id))


async def test_a_newer_statement_supersedes_and_the_older_one_stays_readable(mind: Mind) -> None:
    old = await mind.one("Ada lives in Porto")
    new = await mind.one("Ada lives in Lisbon", supersedes=(old.id,))
    assert await mind.found("Where does Ada live?") == ["Ada lives in Lisbon"]
    was = await mind.store.get(mind.caller(), old.id)
    assert (was.status, was.superseded_by) == ("superseded", new.id)
    assert await mind.found("Where does Ada live?", as_of=old.sequence) == ["Ada lives in Porto"]
    assert await mind.found("Where does Ada live?", as_of=old.written_at) == ["Ada lives in Porto"]


async def test_in_review_it_is_not_recalled_until_it_is_accepted(mind: Mind) -> None:
    old = await mind.one("Ada lives in Porto")
    doubtful = await mind.one("Ada lives in Lisbon", status="review", doubt="hearsay", supersedes=(old.id,))
    rejected = await mind.one("Ada lives on the moon", status="review")
    assert "Ada lives in Lisbon" not in await mind.found("Where does Ada live?")
    accepted = await mind.store.review(mind.caller(), doubtful.id, decision="accept", why="she said so")
    assert (accepted.status, accepted.doubt) == ("active", None)
    assert await mind.found("Where does Ada live?") == ["Ada lives in Lisbon"]
    assert (await mind.store.get(mind.caller(), old.id)).superseded_by == doubtful.id
    await mind.store.review(mind.caller(), rejected.id, decision="reject")
    with pytest.raises(NotFound):
        await mind.store.get(mind.caller(), rejected.id)
    with pytest.raises(Conflict, match="not in review"):
        await mind.store.review(mind.caller(), doubtful.id, decision="accept")


async def test_what_has_expired_is_not_recalled(mind: Mind) -> None:
    await mind.one("Ada is in Porto today", expires_at=datetime.now(UTC) + timedelta(seconds=0.2))
    await mind.one("Ada was in Porto before")
    assert len(await mind.found("Porto")) == 2
    await asyncio.sleep(0.25)
    assert await mind.found("Porto") == ["Ada was in Porto before"]
    assert await mind.found("") == ["Ada was in Porto before"]


async def test_working_memory_belongs_to_its_session_and_lasts_a_day(mind: Mind) -> None:
    scope = MemoryScope(user="ada", session="s-1")
    note = await mind.one("the draft is half done", kind="working", scope=scope)
    assert note.expires_at is not None
    assert timedelta(hours=23) < note.expires_at - datetime.now(UTC) < timedelta(hours=25)
    assert await mind.found("draft", by=mind.caller(session="s-1")) == ["the draft is half done"]
    assert await mind.found("draft", by=mind.caller(session="s-2")) == []
    assert await mind.found("draft") == []


async def test_branches_are_apart_and_see_what_was_before_them(mind: Mind) -> None:
    await mind.one("Ada lives in Porto")
    await mind.stores.state.fork("side", tenant=mind.tenant)
    side = mind.on("side")
    await mind.one("Ada sold her house")
    await side.one("Ada bought a boat")
    assert set(await mind.found("Ada")) == {"Ada lives in Porto", "Ada sold her house"}
    assert set(await side.found("Ada")) == {"Ada lives in Porto", "Ada bought a boat"}
    with pytest.raises(NotFound):
        await mind.on("nowhere").found("Ada")


async def test_a_list_is_by_filter_and_in_pages(mind: Mind) -> None:
    for number in range(5):
        await mind.one(f"note {number}", tags=("even" if number % 2 == 0 else "odd",))
    listing = MemoryListing(filter=MemoryFilter(tags=("even",)), limit=2)
    first = await mind.store.list(mind.caller(), listing)
    rest = await mind.store.list(mind.caller(), listing.model_copy(update={"after": first.after}))
    assert [one.text for one in (*first.memories, *rest.memories)] == ["note 4", "note 2", "note 0"]
    assert rest.after is None


async def test_relations_are_made_found_and_walked(mind: Mind) -> None:
    one, two = await mind.add("The harbour plan", "The budget of the harbour")
    made = await mind.store.relate(mind.caller(), Relation(start=one.id, end=two.id, kind="pays for"))
    assert (made.scope, made.tenant) == ("user=ada", mind.tenant)
    assert [r.kind for r in await mind.store.relations(mind.caller(), one.id) if r.end == two.id] == ["pays for"]
    path = await mind.store.path(mind.caller(), two.id, one.id)
    assert path is not None
    assert set(path.nodes) == {one.id, two.id}


async def test_everything_is_on_the_record(mind: Mind) -> None:
    written = await mind.one("Ada lives in Porto")
    await mind.found("Where does Ada live?")
    await mind.store.get(mind.caller(), written.id)
    await mind.store.edit(mind.caller(), MemoryRevision(id=written.id, text="Ada lives in Faro"))
    ledger = SqlMemoryLedger(mind.stores.database)
    async with asyncio.timeout(5):
        while len(records := await ledger.records(tenant=mind.tenant)) < 4:
            await asyncio.sleep(0.02)
    assert {record.action for record in records if written.id in record.ids} == {"add", "search", "get", "update"}
    (search,) = [r for r in records if r.action == "search"]
    assert (search.query, search.actor, search.ids) == ("Where does Ada live?", "ada", (written.id,))


async def test_stats_count_what_the_caller_sees(mind: Mind) -> None:
    await mind.add("Ada lives in Porto", "Ada works")
    await mind.one("Bob sings", user="bob", kind="episodic")
    await mind.found("Ada")
    await mind.found("Ada")
    stats = await mind.store.stats(mind.caller())
    assert stats["memories"]["kind"] == {"semantic": 2}
    assert stats["memories"]["scope"] == {"user=ada": 2}
    assert stats["cache"]["search"]["hits"] >= 1
    everything = await mind.store.stats(mind.caller(None, operator=True))
    assert everything["memories"]["kind"] == {"semantic": 2, "episodic": 1}


async def test_a_grant_lets_another_read_until_it_ends(mind: Mind) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    shared = await mind.one("The code of the harbour gate", grants=(Grant(scope=BOB, until=soon),))
    bob = mind.caller("bob")
    assert await mind.found("harbour gate", by=bob) == ["The code of the harbour gate"]
    assert (await mind.store.get(bob, shared.id)).id == shared.id
    with pytest.raises(Forbidden):
        await mind.store.edit(bob, MemoryRevision(id=shared.id, text="mine now"))
    await asyncio.sleep(0.35)
    assert await mind.found("harbour gate", by=bob) == []
    with pytest.raises(NotFound):
        await mind.store.get(bob, shared.id)


async def test_a_grant_that_is_taken_back_ends_at_once(mind: Mind) -> None:
    shared = await mind.one("The code of the harbour gate", grants=(Grant(scope=BOB),))
    bob = mind.caller("bob")
    assert await mind.found("harbour gate", by=bob) == ["The code of the harbour gate"]
    await mind.store.edit(mind.caller(), MemoryRevision(id=shared.id, grants=()))
    assert await mind.found("harbour gate", by=bob) == []
    assert await mind.found("harbour gate", by=bob, as_of=shared.sequence) == []
    with pytest.raises(NotFound):
        await mind.store.get(bob, shared.id, version=1)
