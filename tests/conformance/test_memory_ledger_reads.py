"""How memories are read: entries of indexes, lists, the past, branches, vectors. See `MemoryLedger`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.errors import BadRequest
from contracts.memories import Grant, Memory, MemoryScope
from contracts.memory_ports import LedgerEntry, Vector
from contracts.recall import MemoryListing
from memory.state.rows import microseconds
from tests.support.memory_ledgers import ADA, EMBEDDER, Memories, draft, vector_of

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SALES = MemoryScope(team="sales")


async def test_entries_are_what_an_index_needs(memories: Memories) -> None:
    soon = datetime.now(UTC) + HOUR
    written = await memories.add(
        "Ada paints boats",
        speaker="Ada",
        importance=0.25,
        pinned=True,
        entities=("Ada", "boats"),
        happened_at=NOON,
        expires_at=soon,
        source={"thread": "t", "position": 4},
    )
    await memories.add("of the team", scope=SALES)
    (entry,), upto = await memories.entries()
    assert entry == LedgerEntry(
        id=written.id,
        sequence=written.sequence,
        live=True,
        stems=("ada", "paints", "boats"),
        vector=vector_of("Ada paints boats"),
        thread="t",
        position=4,
        speaker="Ada",
        happened_at=microseconds(NOON),
        written_at=microseconds(written.written_at),
        expires_at=microseconds(soon),
        importance=0.25,
        pinned=True,
        entities=("Ada", "boats"),
    )
    assert upto == await memories.ledger.moved(tenant=memories.tenant)
    (other,), _ = await memories.entries(embedder="another/1")
    assert other == entry._replace(vector=None)
    assert (await memories.entries(MemoryScope(user="bob"))) == ([], upto)


async def test_entries_after_a_sequence_tell_what_goes_too(memories: Memories) -> None:
    kept, gone, old, doubted = [await memories.add(text) for text in ("kept", "gone", "old", "doubted")]
    _, upto = await memories.entries()
    assert await memories.entries(after=upto) == ([], upto)
    await memories.forget(gone.id)
    new = (await memories.commit(draft("new", supersedes=(old.id,)))).memories[0]
    await memories.revise(doubted.id, status="review")
    entries, then = await memories.entries(after=upto)
    assert {entry.id: entry.live for entry in entries} == {
        gone.id: False,
        new.id: True,
        old.id: False,
        doubted.id: False,
    }
    assert [entry.sequence for entry in entries] == sorted(entry.sequence for entry in entries)
    assert then > upto
    assert await memories.ids() == [kept.id, new.id]


async def test_a_vector_stays_with_its_text(memories: Memories) -> None:
    id_ = (await memories.add("one")).id
    await memories.revise(id_, pinned=True)
    await memories.revise(id_, text="one", importance=1.0)
    await memories.fork("try")
    await memories.revise(id_, tags=("x",), branch="try")
    for branch in ("main", "try"):
        (entry,), _ = await memories.entries(branch=branch)
        assert (entry.vector, entry.stems) == (vector_of("one"), ("one",))
    await memories.revise(id_, text="two words")
    (entry,), _ = await memories.entries()
    assert (entry.vector, entry.stems) == (vector_of("two words"), ("two", "words"))
    (entry,), _ = await memories.entries(branch="try")
    assert entry.vector == vector_of("one")


async def test_a_vector_may_come_later(memories: Memories) -> None:
    one, two, gone = (await memories.commit(draft("one"), draft("two"), draft("gone"), vectors=False)).memories
    await memories.forget(gone.id)
    await memories.revise(two.id, pinned=True)
    _, upto = await memories.entries()
    missing = await _without_vector(memories, after=one.sequence - 1)
    assert list(missing.values()) == ["one", "two"]
    found = [Vector(sequence, vector_of(text)) for sequence, text in missing.items()]
    await memories.ledger.store_vectors(found, embedder=EMBEDDER)
    entries, then = await memories.entries(after=upto)
    assert [(entry.id, entry.vector) for entry in entries] == [
        (one.id, vector_of("one")),
        (two.id, vector_of("two")),
    ]
    assert then == await memories.ledger.moved(tenant=memories.tenant) > upto
    assert await _without_vector(memories, after=one.sequence - 1) == {}


async def test_a_vector_may_be_stored_again(memories: Memories) -> None:
    (one,) = (await memories.commit(draft("one"), vectors=False)).memories
    (missing,) = await _without_vector(memories, after=one.sequence - 1)
    for text in ("one", "x"):
        vectors = [Vector(missing, vector_of(text)), Vector(2**40, vector_of("of no text"))]
        await memories.ledger.store_vectors(vectors, embedder=EMBEDDER)
        assert (await memories.entries())[0][0].vector == vector_of(text)
    assert (await memories.entries(embedder="another/1"))[0][0].vector is None


async def _without_vector(memories: Memories, *, after: int) -> dict[int, str]:
    """Return which texts of the tenant lack a vector, by sequence; and see that none is of what is forgotten."""
    missing = await memories.ledger.without_vector(embedder=EMBEDDER, after=after, limit=1000)
    assert all(text for _, text in missing)
    ours = {entry.sequence for entry in (await memories.entries())[0]}
    return {sequence: text for sequence, text in missing if sequence in ours}


async def test_shared_memories_are_entries_of_who_may_read_them(memories: Memories) -> None:
    team = MemoryScope(team="sales")
    own = await memories.add("of the team", scope=team)
    lent = await memories.add("lent", grants=(Grant(scope=team, until=datetime.now(UTC) + HOUR),))
    past = await memories.add("past", grants=(Grant(scope=team, until=NOON),))
    forgotten = await memories.add("forgotten", grants=(Grant(scope=team),))
    await memories.forget(forgotten.id)
    entries, upto = await memories.entries(team)
    assert [entry.id for entry in entries] == [own.id, lent.id]
    assert entries[1].expires_at is not None
    assert await memories.texts(scopes=[team.key]) == ["of the team", "lent"]
    assert await memories.texts(scopes=[ADA.key]) == ["lent", "past"]
    await memories.revise(lent.id, grants=())
    await memories.revise(past.id, grants=(Grant(scope=team),))
    entries, _ = await memories.entries(team, after=upto)
    assert {entry.id: entry.live for entry in entries} == {lent.id: False, past.id: True}
    assert await memories.ids(team) == [own.id, past.id]


async def test_the_past_is_as_it_was(memories: Memories) -> None:
    first = await memories.add("first", expires_at=datetime.now(UTC) + timedelta(milliseconds=80))
    second = await memories.add("second")
    revised = await memories.revise(second.id, text="second, revised")
    await asyncio.sleep(0.1)
    await memories.forget(second.id)
    third = await memories.add("third")
    for as_of in (second.sequence, second.written_at):
        assert await memories.texts(as_of=as_of, scopes=[ADA.key]) == ["first", "second"]
        assert await memories.get(second.id, as_of=as_of) == second
        assert await memories.get(third.id, as_of=as_of) is None
    assert await memories.get(second.id, as_of=revised.written_at) == revised
    assert await memories.texts(as_of=first.sequence - 1) == []
    entries, upto = await memories.entries(as_of=revised.sequence)
    assert ([(entry.id, entry.sequence) for entry in entries], upto) == (
        [(first.id, first.sequence), (second.id, revised.sequence)],
        revised.sequence,
    )
    assert await memories.entries(as_of=revised.sequence, after=1) == ((), revised.sequence)
    assert await memories.texts() == ["third"]
    assert await memories.ledger.sequence_at(second.written_at) == second.sequence
    assert await memories.ledger.sequence_at(datetime(2020, 1, 1, tzinfo=UTC)) == 0


async def test_a_branch_sees_its_parent_and_changes_nothing_there(memories: Memories) -> None:
    kept, changed, gone = [await memories.add(text) for text in ("kept", "changed", "gone")]
    await memories.fork("try")
    late = await memories.add("late")
    await memories.forget(gone.id, branch="try")
    on_fork = await memories.revise(changed.id, text="changed on the fork", branch="try")
    new = await memories.add("new", branch="try")
    await memories.revise(changed.id, text="changed on main")

    assert await memories.texts() == ["kept", "gone", "late", "changed on main"]
    assert await memories.texts(branch="try", scopes=[ADA.key]) == ["kept", "changed on the fork", "new"]
    assert await memories.ids(branch="try") == [kept.id, changed.id, new.id]
    assert (on_fork.branch, on_fork.version) == ("try", 2)
    assert await memories.get(kept.id, branch="try") == kept.model_copy(update={"branch": "try"})
    assert await memories.get(late.id, branch="try") is None
    assert await memories.status(gone.id, branch="try") == "forgotten"
    assert await memories.status(gone.id) == "active"
    assert [memory.text for memory in await memories.history(changed.id, branch="try")] == [
        "changed on the fork",
        "changed",
    ]
    counts = await memories.ledger.counts(tenant=memories.tenant, branch="try", scopes=[ADA.key])
    assert counts["status"] == {"active": 3, "forgotten": 1}


async def test_a_fork_of_a_fork_sees_both_and_a_dropped_one_is_gone(memories: Memories) -> None:
    old = await memories.add("old")
    await memories.fork("one")
    await memories.add("of one", branch="one")
    await memories.backend.state.fork("two", parent="one", tenant=memories.tenant)
    await memories.revise(old.id, text="old, on two", branch="two")
    assert await memories.texts(branch="two") == ["of one", "old, on two"]
    assert [memory.version for memory in await memories.history(old.id, branch="two")] == [2, 1]
    await memories.backend.state.drop("two", tenant=memories.tenant)
    assert await memories.texts(branch="one") == ["old", "of one"]
    assert (await memories.entries(branch="one"))[0][0].vector == vector_of("old")


async def test_every_field_of_a_filter_narrows(memories: Memories) -> None:
    first = await memories.add(
        "Straße nach Süden",
        kind="procedural",
        tags=("a", "b"),
        entities=("Élan", "Tom"),
        speaker="Zoë",
        importance=0.9,
        happened_at=NOON,
        metadata={"n": 1, "l": [1]},
        source={"run": "r-1", "thread": "t-1", "document": "/d"},
    )
    await memories.add("second", pinned=True, hold=True, tags=("b", "c"), importance=0.1, metadata={"n": True})
    await memories.add("third", scope=SALES, status="review", expires_at=datetime.now(UTC) + HOUR)

    async def found(**asked: Any) -> str:
        asked.setdefault("statuses", ("active", "review"))
        return "".join(text[0] for text in await memories.texts(scopes=[ADA.key, SALES.key], **asked))

    assert await found() == "Sst"
    assert await memories.texts(scopes=[SALES.key]) == await memories.texts(scopes=[]) == []
    for asked, expected in (
        ({"ids": (first.id, "other")}, "S"),
        ({"ids": ()}, ""),
        ({"kinds": ("procedural", "working")}, "S"),
        ({"statuses": ("review",)}, "t"),
        ({"scope": SALES}, "t"),
        ({"scope": MemoryScope()}, ""),
        ({"tags": ("a", "b")}, "S"),
        ({"tags": ("b",)}, "Ss"),
        ({"any_tags": ("a", "c")}, "Ss"),
        ({"any_tags": ()}, ""),
        ({"entities": ("ÉLAN", "nobody")}, "S"),
        ({"speaker": "Zoë"}, "S"),
        ({"speaker": "zoë"}, ""),
        ({"pinned": True}, "s"),
        ({"pinned": False}, "St"),
        ({"held": True}, "s"),
        ({"min_importance": 0.5}, "St"),
        ({"max_importance": 0.1}, "s"),
        ({"contains": "STRASSE"}, "S"),
        ({"contains": "%"}, ""),
        ({"said_after": NOON, "said_before": NOON + HOUR}, "S"),
        ({"said_after": NOON + HOUR}, "st"),
        ({"written_after": first.written_at + timedelta(microseconds=1)}, "st"),
        ({"written_before": first.written_at + timedelta(microseconds=1)}, "S"),
        ({"expires_before": datetime.now(UTC) + 2 * HOUR}, "t"),
        ({"run": "r-1"}, "S"),
        ({"thread": "t-1"}, "S"),
        ({"document": "/d"}, "S"),
        ({"actor": "ada"}, "Sst"),
        ({"actor": "bob"}, ""),
        ({"metadata": {"n": 1}}, "S"),
        ({"metadata": {"l": [1], "n": 1}}, "S"),
        ({"metadata": {"m": None}}, ""),
    ):
        assert (asked, await found(**asked)) == (asked, expected)


async def test_a_list_comes_in_pages(memories: Memories) -> None:
    await memories.commit(*(draft(f"m {number}", tags=("even",) * (number % 2 == 0)) for number in range(25)))

    async def paged(**asked: Any) -> list[int]:
        listing = MemoryListing.model_validate({"limit": 4, **asked})
        found: list[Memory] = []
        for _ in range(10):
            page = await memories.ledger.list(listing, tenant=memories.tenant, branch="main", scopes=[ADA.key])
            found += page.memories
            if page.after is None:
                break
            listing = listing.model_copy(update={"after": page.after})
        return [int(memory.text.removeprefix("m ")) for memory in found]

    assert await paged() == list(range(24, -1, -1))
    assert await paged(order="oldest", limit=5) == list(range(25))
    assert await paged(filter={"tags": ("even",)}, order="oldest") == list(range(0, 25, 2))
    place: dict[str, Any] = {"tenant": memories.tenant, "branch": "main", "scopes": None}
    page = await memories.ledger.list(MemoryListing(limit=1), **place)
    with pytest.raises(BadRequest, match="is of a page in another order"):
        await memories.ledger.list(MemoryListing(order="oldest", after=page.after), **place)
    for after in ("x", "%%%", "bmV3ZXN0OngK", ""):
        with pytest.raises(BadRequest, match="is none: hand in what"):
            await memories.ledger.list(MemoryListing(after=after), **place)


async def test_counts_are_by_kind_status_and_scope(memories: Memories) -> None:
    await memories.add("a")
    await memories.add("b", kind="episodic", scope=SALES, status="review")
    await memories.forget((await memories.add("c")).id)
    await memories.add("d", expires_at=NOON)
    place = {"tenant": memories.tenant, "branch": "main"}
    assert await memories.ledger.counts(**place, scopes=None) == {
        "kind": {"semantic": 2, "episodic": 1},
        "status": {"active": 1, "review": 1, "forgotten": 1},
        "scope": {ADA.key: 2, SALES.key: 1},
    }
    assert (await memories.ledger.counts(**place, scopes=[SALES.key]))["kind"] == {"episodic": 1}


async def test_projections_follow_all_tenants_in_order(memories: Memories) -> None:
    other = Memories(backend=memories.backend)
    first = await memories.add("first")
    begin = first.sequence - 1
    theirs = await other.add("theirs")
    await memories.revise(first.id, pinned=True)
    gone = await memories.forget((await memories.add("gone")).id)

    async def followed(after: int, limit: int) -> list[tuple[Memory, bytes | None]]:
        found: list[tuple[Memory, bytes | None]] = []
        while True:
            changes, upto = await memories.ledger.changes(after=after, limit=limit, embedder=EMBEDDER)
            found += changes
            if len(changes) < limit:
                assert upto >= await memories.ledger.moved(tenant=memories.tenant)
                return found
            after = upto

    expected = [(theirs.id, 1, vector_of("theirs")), (first.id, 2, vector_of("first")), (gone.id, 2, None)]
    for limit in (1, 2, 100):
        assert [(memory.id, memory.version, vector) for memory, vector in await followed(begin, limit)] == expected
    end = await memories.ledger.moved(tenant=memories.tenant)
    await memories.ledger.store_vectors([Vector(theirs.sequence, vector_of("new"))], embedder=EMBEDDER)
    assert [(memory.id, vector) for memory, vector in await followed(end, 10)] == [(theirs.id, vector_of("new"))]


async def test_what_one_process_writes_another_reads(memories: Memories) -> None:
    written = await memories.add()
    other = memories.backend.other
    found = await other.get([written.id, "none", written.id], tenant=memories.tenant, branch="main")
    assert found == (written, written)
    assert await other.moved(tenant=memories.tenant) == await memories.ledger.moved(tenant=memories.tenant)
    assert len((await other.entries(memories.view(), after=0, embedder=EMBEDDER))[0]) == 1
