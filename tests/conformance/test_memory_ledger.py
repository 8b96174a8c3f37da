"""What a commit of memories promises: see `contracts.memory_ports.MemoryLedger`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.errors import BadRequest, Conflict, IdempotencyMismatch, NotFound, VersionConflict
from contracts.events import Event
from contracts.memories import (
    MEMORY_EVENTS,
    Forgetting,
    Grant,
    MemoryCommit,
    MemoryRecord,
    MemoryRevision,
    MemoryScope,
    MemorySource,
)
from contracts.state import Author
from tests.support.memory_ledgers import EMBEDDER, WHO, Memories, draft

NOON = datetime(2026, 5, 1, 12, 30, 0, 123456, tzinfo=UTC)
BOB = MemoryScope(user="bob", agent="clerk")


async def test_a_memory_is_read_as_it_was_written(memories: Memories) -> None:
    whole: dict[str, Any] = {
        "kind": "procedural",
        "speaker": "Zoë",
        "tags": ("a b", 'quo"te', "é"),
        "entities": ("Lisbon", "«Ana»"),
        "importance": 0.75,
        "pinned": True,
        "doubt": "she may have meant Porto",
        "status": "review",
        "happened_at": NOON,
        "valid_from": NOON,
        "valid_until": NOON + timedelta(days=1),
        "expires_at": datetime.now(UTC) + timedelta(days=1),
        "hold": True,
        "grants": (Grant(scope=MemoryScope(team="sales"), until=NOON), Grant(scope=MemoryScope())),
        "metadata": {"x": [1, {"y": None}], "": 2.5},
    }
    source = MemorySource(
        run="run-1", execution="e-1", turn=2, messages=(3, 4), thread="t", position=-7, document="/a/b.md"
    )
    written = await memories.add("Zoë moved to Lisbon", scope=BOB, source=source.model_dump(), **whole)
    found = await memories.get(written.id)
    assert found == written
    assert {name: getattr(written, name) for name in whole} == whole
    assert (written.text, written.scope, written.source, written.author) == ("Zoë moved to Lisbon", BOB, source, WHO)
    assert (written.version, written.tenant, written.branch, written.superseded_by) == (
        1,
        memories.tenant,
        "main",
        None,
    )
    assert written.created_at == written.written_at
    assert abs(written.created_at - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "text",
    [
        "Robert'); DROP TABLE memories;--",
        'MATCH (n) DETACH DELETE n {"$gt": ""} {{x}} ${x} :id $1 ? %s \\u0000 \\',
        "👩‍👩‍👧 שלום \u202e mixed \u200b é",
        " leading\tand\r\ntrailing \n",
        "x" * 65_536,
    ],
)
async def test_hostile_texts_come_back_byte_for_byte(memories: Memories, text: str) -> None:
    words = text[:100].replace("\x00", "")
    written = await memories.add(
        text, tags=(words,), entities=(words,), speaker=words, metadata={words: words}, source={"document": words}
    )
    found = await memories.get(written.id)
    assert found is not None
    assert found.text == text
    assert (found.tags, found.entities, found.speaker, found.metadata) == ((words,), (words,), words, {words: words})
    assert await memories.texts(tags=(words,), contains=text[:500], document=words) == [text]


async def test_what_not_every_database_can_keep_is_refused_and_others_are_not_hurt(memories: Memories) -> None:
    nul, half = "a\x00b", "a\ud800b"
    outcomes = await asyncio.gather(
        memories.add(speaker=nul),
        memories.add(entities=(half,)),
        memories.commit(draft("third"), author=Author(actor=nul)),
        memories.add("fourth"),
        memories.ledger.record([MemoryRecord(action="search", tenant=memories.tenant, query=half)]),
        return_exceptions=True,
    )
    assert [isinstance(outcome, BadRequest) for outcome in outcomes] == [True, True, True, False, True]
    assert await memories.texts() == ["fourth"]


async def test_what_is_beyond_the_numbers_of_databases_is_refused(memories: Memories) -> None:
    with pytest.raises(BadRequest, match="the position 9223372036854775808 cannot be stored"):
        await memories.add(source={"position": 2**63})
    with pytest.raises(BadRequest, match="2 drafts and revisions, and 0 stems"):
        await memories.ledger.commit(
            MemoryCommit(drafts=(draft("a"), draft("b"))), stems=[], vectors=[], embedder=EMBEDDER
        )


async def test_tenants_see_nothing_of_each_other(memories: Memories) -> None:
    other = Memories(backend=memories.backend)
    written = await memories.add(tags=("x",))
    assert await other.get(written.id) is None
    assert (await other.entries(), await other.texts(), await other.history(written.id)) == (([], 0), [], ())
    assert await other.ledger.counts(tenant=other.tenant, branch="main", scopes=None) == {
        "kind": {},
        "status": {},
        "scope": {},
    }
    with pytest.raises(NotFound):
        await other.forget(written.id)
    with pytest.raises(NotFound):
        await other.revise(written.id, pinned=True)


async def test_a_revision_changes_what_it_names_and_nothing_else(memories: Memories) -> None:
    first = await memories.add(speaker="Ada", tags=("a",), doubt="who knows", metadata={"a": 1}, hold=True)
    second = await memories.revise(first.id, expect=1, tags=("b",), doubt=None, importance=1.0)
    assert second == first.model_copy(
        update={
            "tags": ("b",),
            "doubt": None,
            "importance": 1.0,
            "version": 2,
            "sequence": second.sequence,
            "written_at": second.written_at,
        }
    )
    third = await memories.revise(first.id, text="Ada lives in Porto", speaker=None, metadata={}, hold=False)
    assert (third.text, third.speaker, third.metadata, third.hold) == ("Ada lives in Porto", None, {}, False)
    assert [memory.version for memory in await memories.history(first.id)] == [3, 2, 1]
    assert [await memories.get(first.id, version=version) for version in (1, 2, 3, 4)] == [first, second, third, None]


async def test_an_edit_needs_the_version_that_was_seen(memories: Memories) -> None:
    id_ = (await memories.add()).id
    await memories.revise(id_, expect=1, pinned=True)
    with pytest.raises(
        VersionConflict, match=rf"memory {id_} on branch 'main' was expected to be at version 1"
    ) as told:
        await memories.commit(
            draft("not written"), revisions=[MemoryRevision(id=id_, expect=1, text="lost")], author=WHO
        )
    assert (told.value.expected, told.value.found) == (1, 2)
    with pytest.raises(VersionConflict):
        await memories.forget(id_, expect=1)
    assert await memories.texts() == ["Ada lives in Lisbon"]
    outcomes = await asyncio.gather(
        *(memories.revise(id_, expect=2, text=f"by {number}") for number in range(8)), return_exceptions=True
    )
    assert sum(isinstance(outcome, VersionConflict) for outcome in outcomes) == 7


async def test_what_is_not_there_cannot_be_changed(memories: Memories) -> None:
    with pytest.raises(NotFound, match="there is no memory 'nobody'"):
        await memories.revise("nobody", pinned=True)
    with pytest.raises(NotFound, match="there is no memory 'nobody'"):
        await memories.commit(draft("x", supersedes=("nobody",)))
    with pytest.raises(NotFound, match="there is no branch 'nowhere'"):
        await memories.add(branch="nowhere")
    with pytest.raises(NotFound, match="there is no branch 'nowhere'"):
        await memories.get("x", branch="nowhere")
    assert await memories.texts() == []


async def test_what_is_forgotten_has_no_text_and_its_history_has(memories: Memories) -> None:
    first = await memories.add(speaker="Ada", tags=("secret",), entities=("Lisbon",), metadata={"a": 1}, doubt="d")
    gone = await memories.forget(first.id, expect=1)
    assert await memories.get(first.id) == gone
    assert (gone.status, gone.text, gone.version, gone.scope) == ("forgotten", "", 2, first.scope)
    assert (gone.speaker, gone.tags, gone.entities, gone.metadata, gone.doubt) == (None, (), (), {}, None)
    assert await memories.history(first.id) == (gone, first)
    assert (await memories.ids(), await memories.texts()) == ([], [])
    for change in (memories.forget(first.id), memories.revise(first.id, status="active")):
        with pytest.raises(NotFound):
            await change


async def test_what_is_held_is_not_forgotten_and_does_not_expire(memories: Memories) -> None:
    past = datetime.now(UTC) - timedelta(days=1)
    held, expired = await memories.add("held", hold=True, expires_at=past), await memories.add("past", expires_at=past)
    with pytest.raises(Conflict, match=f"{held.id}' is held and cannot be forgotten: end the hold first"):
        await memories.forget(held.id)
    assert (await memories.ids(), await memories.texts()) == ([held.id], ["held"])
    assert (await memories.entries())[0][0].expires_at is None
    assert await memories.get(expired.id) == expired
    assert await memories.texts(expires_before=datetime.now(UTC)) == ["held", "past"]
    await memories.revise(held.id, hold=False)
    assert (await memories.ids(), await memories.texts()) == ([], [])
    await memories.revise(held.id, expires_at=None)
    assert await memories.texts() == ["held"]


async def test_a_revision_does_not_forget_nor_make_working_memory_of_nobodys_session(memories: Memories) -> None:
    id_ = (await memories.add()).id
    with pytest.raises(BadRequest, match="cannot be made forgotten by a revision: forget it"):
        await memories.revise(id_, status="forgotten")
    with pytest.raises(BadRequest, match="its scope 'user=ada' has no session"):
        await memories.revise(id_, kind="working")


async def test_an_id_that_is_given_is_kept_and_taken_once(memories: Memories) -> None:
    assert (await memories.add("one", id="mine")).id == "mine"
    await memories.forget("mine")
    with pytest.raises(Conflict, match="there is a memory 'mine' already"):
        await memories.add("two", id="mine")
    with pytest.raises(BadRequest, match="makes the memory 'x' twice"):
        await memories.commit(draft("a", id="x"), draft("b", id="x"))
    other = Memories(backend=memories.backend)
    assert (await other.add("theirs", id="mine")).version == 1


async def test_ids_are_in_order_of_time(memories: Memories) -> None:
    made = []
    for _ in range(3):
        made.append((await memories.add()).id)
        await asyncio.sleep(0.002)
    assert made == sorted(set(made))


async def test_what_supersedes_takes_the_place_of_others(memories: Memories) -> None:
    old, older = await memories.add("Ada lives in Faro"), await memories.add("Ada lives in Rome")
    made = await memories.commit(draft("Ada lives in Lisbon", supersedes=(old.id, older.id)), author=WHO)
    (new,) = made.memories
    assert new.supersedes == (old.id, older.id)
    for before in (old, older):
        now = await memories.get(before.id)
        assert now is not None
        assert (now.status, now.superseded_by, now.version, now.text) == ("superseded", new.id, 2, before.text)
    assert await memories.ids() == [new.id]
    assert await memories.texts(statuses=("superseded",)) == [old.text, older.text]


async def test_one_commit_may_do_everything(memories: Memories) -> None:
    kept, gone, old = [await memories.add(text) for text in ("kept", "gone", "old")]
    made = await memories.commit(
        draft("new", id="new", supersedes=(old.id,)),
        draft("newer", supersedes=("new",)),
        revisions=[MemoryRevision(id=kept.id, pinned=True), MemoryRevision(id=old.id, tags=("x",))],
        forgettings=[Forgetting(id=gone.id)],
        idempotency_key="all",
    )
    assert [memory.text for memory in made.memories] == ["new", "newer", "kept", "old", ""]
    assert await memories.texts() == ["newer", "kept"]
    now = await memories.get(old.id)
    assert now is not None
    assert (now.version, now.tags, now.status) == (3, ("x",), "superseded")
    assert await memories.ledger.claimed("all", tenant=memories.tenant) == made.model_copy(update={"repeated": True})
    assert await memories.ledger.moved(tenant=memories.tenant) == made.sequence


async def test_a_repeat_changes_nothing_and_returns_the_same(memories: Memories) -> None:
    old = await memories.add("old")
    drafts = (draft("one"), draft("two", supersedes=(old.id,)))
    found = await asyncio.gather(*(memories.commit(*drafts, idempotency_key="k", digest="messages") for _ in range(5)))
    first = next(made for made in found if not made.repeated)
    assert [made.repeated for made in found].count(True) == 4
    await memories.revise(first.memories[0].id, text="one, revised")
    other = await memories.commit(draft("something else"), idempotency_key="k", digest="messages")
    for again in (*found, other):
        assert (again.memories, again.sequence) == (first.memories, first.sequence)
    assert await memories.texts() == ["two", "one, revised"]
    with pytest.raises(IdempotencyMismatch, match="'k' was used for other memories"):
        await memories.commit(*drafts, idempotency_key="k", digest="other messages")
    assert await memories.ledger.claimed("unused", tenant=memories.tenant) is None


async def test_without_a_digest_the_changes_tell_a_repeat(memories: Memories) -> None:
    first = await memories.commit(draft("one"), idempotency_key="k")
    assert (await memories.commit(draft("one"), idempotency_key="k")).memories == first.memories
    with pytest.raises(IdempotencyMismatch):
        await memories.commit(draft("two"), idempotency_key="k")


async def test_a_commit_of_nothing_changes_nothing(memories: Memories) -> None:
    written = await memories.commit(draft("x"))
    assert (await memories.commit()).memories == ()
    assert await memories.ledger.moved(tenant=memories.tenant) == written.sequence


async def test_changes_are_events_without_texts(memories: Memories) -> None:
    old = await memories.add("a secret", source={"run": "flow-1"}, scope=BOB)
    new = (await memories.commit(draft("another secret", scope=BOB, supersedes=(old.id,)))).memories[0]
    await memories.revise(new.id, pinned=True)
    await memories.forget(new.id)
    inject = MemoryRecord(action="inject", tenant=memories.tenant, run="run-9", ids=(new.id,), query="a secret")
    await memories.ledger.record([inject, inject.model_copy(update={"action": "search"})])
    found = await _events(memories)
    told = [(event.type.rpartition(".")[2], event.subject, event.data["version"]) for event in found[:-1]]
    assert told == [
        ("created", old.id, 1),
        ("created", new.id, 1),
        ("superseded", old.id, 2),
        ("updated", new.id, 2),
        ("erased", new.id, 3),
    ]
    scope = {"user": "bob", "agent": "clerk"}
    known = {"id": old.id, "scope": scope, "kind": "semantic", "status": "active", "version": 1, "run": "run-1"}
    assert found[0].data == known
    assert (found[-1].type, found[-1].data["ids"]) == (MEMORY_EVENTS["recalled"], [new.id])
    assert "secret" not in "".join(event.model_dump_json() for event in found)


async def _events(memories: Memories) -> list[Event]:
    types = ["perdure.memory.*"]
    return list(await memories.backend.events.events(after=0, limit=1000, types=types, tenant=memories.tenant))


async def test_a_record_with_a_key_is_kept_once_for_the_same_ids(memories: Memories) -> None:
    inject = MemoryRecord(action="inject", tenant=memories.tenant, run="run-9", ids=("a", "b"), key="run-9/recall")
    others = [inject.model_copy(update=fields) for fields in ({"ids": ("b",)}, {"key": "run-10/recall"})]
    for records in ([inject, inject], [inject, *others]):
        await memories.ledger.record(records)
    assert [event.data["ids"] for event in await _events(memories)] == [["a", "b"], ["b"], ["a", "b"]]
    assert len(await memories.ledger.records(tenant=memories.tenant)) == 3


async def test_everything_that_is_done_is_recorded(memories: Memories) -> None:
    old = await memories.add("old")
    made = await memories.commit(
        draft("one", supersedes=(old.id,)), draft("two"), author=WHO, agent="clerk", session="s-1"
    )
    one, two = [memory.id for memory in made.memories]
    await memories.revise(one, pinned=True)
    await memories.forget(two)
    search = MemoryRecord(
        action="search",
        tenant=memories.tenant,
        actor="ada",
        run="run-2",
        query="where?",
        ids=(one, one),
        count=7,
        at=NOON,
    )
    await memories.ledger.record([search, search.model_copy(update={"action": "get", "at": None})])
    await memories.ledger.record([])

    found = await memories.ledger.records(tenant=memories.tenant)
    told = [(record.action, record.ids) for record in reversed(found)]
    assert told == [
        ("add", (old.id,)),
        ("add", (one, two)),
        ("supersede", (old.id,)),
        ("update", (one,)),
        ("delete", (two,)),
        ("search", (one, one)),
        ("get", (one, one)),
    ]
    assert found[1] == search
    assert found[0].at is not None
    added = found[-2]
    assert (added.actor, added.run, added.agent, added.session, added.count) == ("ada", "run-1", "clerk", "s-1", 2)
    about = await memories.ledger.records(tenant=memories.tenant, memory=two)
    assert [record.action for record in about] == ["delete", "add"]
    of_run = await memories.ledger.records(tenant=memories.tenant, run="run-2", memory=one, limit=1)
    assert [record.action for record in of_run] == ["get"]


async def test_memories_of_abandoned_executions_leave_recall(memories: Memories) -> None:
    def source(execution: str | None) -> dict[str, str | None]:
        return {"run": "run-1", "execution": execution}

    async def learned(text: str, execution: str | None, **more: Any) -> str:
        return (await memories.add(text, source=source(execution), **more)).id

    fact = await memories.add("Ada lives in Faro")
    first = await learned("Ada lives in Rome", "e-1", supersedes=(fact.id,))
    second = await learned("Ada lives in Paris", "e-1", supersedes=(first,))
    kept, unknown = await learned("Ada paints", "e-2"), await learned("Ada sings", None)
    settled = await memories.add("Ada likes tea")
    tried = await learned("Ada likes cocoa", "e-1", supersedes=(settled.id,))
    final = await learned("Ada likes coffee", "e-2", supersedes=(tried,))
    other = await memories.add("of another run", source={"run": "run-2", "execution": "e-1"})

    assert await memories.ledger.abandon("run-1", keep=["e-2"], tenant=memories.tenant, author=WHO) == 3
    assert {id_: await memories.status(id_) for id_ in (first, second, tried)} == dict.fromkeys(
        (first, second, tried), "abandoned"
    )
    assert await memories.ids() == [kept, unknown, final, other.id, fact.id]
    back, after = await memories.get(fact.id), await memories.get(settled.id)
    assert back is not None
    assert after is not None
    assert (back.status, back.superseded_by, back.version, back.author) == ("active", None, 3, WHO)
    assert (after.status, after.superseded_by) == ("superseded", final)
    record = (await memories.ledger.records(tenant=memories.tenant, memory=first))[0]
    assert (record.action, record.count) == ("abandon", 3)
    assert await memories.ledger.abandon("run-1", keep=["e-2"], tenant=memories.tenant, author=WHO) == 0
    assert await memories.ledger.abandon("run-9", keep=[], tenant=memories.tenant, author=WHO) == 0
