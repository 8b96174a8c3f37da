from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from contracts.errors import BadRequest, IdempotencyMismatch, NotFound, VersionConflict
from contracts.events import Event
from contracts.state import MAX_VALUE_BYTES, Commit, Emitted, Place
from tests.conformance.state_backends import ADA, State, put, write
from tests.support.state_backends import BACKENDS

pytestmark = pytest.mark.parametrize("kind", BACKENDS, indirect=True, scope="session")


async def test_a_document_is_read_as_it_was_written(state: State) -> None:
    value = {"name": "Zoë 𝄞", "many": [1, 2.5, True, None, {"deep": []}], "large": 2**70, "": "empty name"}
    written = await state.put("tickets/a/b", value, author=ADA)
    found = await state.get("tickets/a/b", fresh=True)
    assert found == written
    assert (found.value, found.version, found.gone, found.author) == (value, 1, False, ADA)
    assert abs(found.written_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_document_that_is_not_there_is_none(state: State) -> None:
    assert await state.get("tickets/none") is None


async def test_tenants_see_nothing_of_each_other(state: State) -> None:
    await state.put("tickets/a", 1)
    assert await State(backend=state.backend).get("tickets/a") is None


@pytest.mark.parametrize("value", [None, 0, False, "", [], {}, [[]], "null", -0.5])
async def test_every_json_value_is_kept(state: State, value: object) -> None:
    await state.put("tickets/a", value)
    found = await state.get("tickets/a", fresh=True)
    assert found is not None
    assert found.value == value
    assert type(found.value) is type(value)


async def test_what_a_reader_changes_no_other_reader_sees(state: State) -> None:
    written = await state.put("tickets/a", {"list": [1]})
    first = await state.get("tickets/a")
    assert first is not None
    first.value["list"].append(2)
    written.value["list"].append(3)
    assert await state.value("tickets/a") == {"list": [1]}


async def test_versions_count_from_one(state: State) -> None:
    assert [(await state.put("tickets/a", number)).version for number in range(3)] == [1, 2, 3]


async def test_the_expected_version_must_be_current(state: State) -> None:
    await state.put("tickets/a", 1, expect="absent")
    await state.put("tickets/a", 2, expect=1)
    with pytest.raises(VersionConflict, match=r"tickets/a .* was expected to be at version 1, and it has version 2"):
        await state.put("tickets/a", 3, expect=1)
    with pytest.raises(VersionConflict, match="was expected to be absent, and it has version 2") as absent:
        await state.put("tickets/a", 3, expect="absent")
    assert (absent.value.expected, absent.value.found) == ("absent", 2)
    with pytest.raises(VersionConflict, match="at version 1, and it is not there") as missing:
        await state.put("tickets/b", 3, expect=1)
    assert missing.value.found is None
    assert await state.value("tickets/a") == 2


async def test_a_deleted_document_is_not_there_and_its_versions_go_on(state: State) -> None:
    await state.put("tickets/a", 1)
    (gone,) = (await state.commit(write("delete", "tickets/a", expect=1))).documents
    assert (gone.gone, gone.value, gone.version) == (True, None, 2)
    assert await state.get("tickets/a") is None
    assert (await state.get("tickets/a", version=2)) == gone
    assert (await state.put("tickets/a", 3, expect="absent")).version == 3


async def test_a_patch_is_merged(state: State) -> None:
    await state.put("tickets/a", {"a": {"b": 1, "c": 2}, "d": [1]})
    await state.commit(write("patch", "tickets/a", {"a": {"b": None, "e": 3}, "d": [2]}))
    assert await state.value("tickets/a") == {"a": {"c": 2, "e": 3}, "d": [2]}


async def test_a_patch_of_what_is_not_there_begins_with_nothing(state: State) -> None:
    await state.commit(write("patch", "tickets/a", {"a": {"b": None, "c": 1}}))
    assert await state.value("tickets/a") == {"a": {"c": 1}}


async def test_a_patch_cannot_make_a_document_too_large(state: State) -> None:
    half = "x" * (MAX_VALUE_BYTES // 2)
    await state.put("tickets/a", {"one": half})
    with pytest.raises(BadRequest, match=r"tickets/a cannot be patched: the value is .* at most"):
        await state.commit(write("patch", "tickets/a", {"two": half}))
    assert list(await state.value("tickets/a")) == ["one"]


async def test_a_rollback_is_a_new_version_that_counts_as_the_old_one(state: State) -> None:
    for value in ("one", "two", "three"):
        await state.put("tickets/a", value)
    (restored,) = (await state.commit(write("restore", "tickets/a", to=1, expect=3))).documents
    assert (restored.value, restored.version, restored.restores) == ("one", 4, 1)
    assert restored.satisfies(1)
    assert (await state.put("tickets/a", "five", expect=1)).version == 5


async def test_a_rollback_to_a_deletion_deletes(state: State) -> None:
    await state.put("tickets/a", 1)
    await state.commit(write("delete", "tickets/a"))
    await state.put("tickets/a", 3)
    await state.commit(write("restore", "tickets/a", to=2))
    assert await state.get("tickets/a") is None


async def test_a_rollback_needs_a_version_that_is_there(state: State) -> None:
    await state.put("tickets/a", 1)
    with pytest.raises(NotFound, match=r"tickets/a .* has no version 7"):
        await state.commit(write("restore", "tickets/a", to=7))
    with pytest.raises(BadRequest, match="needs `to`"):
        await state.commit(write("restore", "tickets/a"))


async def test_several_documents_change_together_or_not_at_all(state: State) -> None:
    await state.put("tickets/a", 1)
    with pytest.raises(VersionConflict):
        await state.commit(put("tickets/b", 1), put("tickets/a", 2, expect=5), put("tickets/c", 1))
    assert [await state.value(f"tickets/{key}") for key in "abc"] == [1, None, None]
    committed = await state.commit(put("tickets/b", 2), put("notes/a", 3))
    assert [found.value for found in committed.documents] == [2, 3]
    assert committed.sequence == committed.documents[1].sequence == committed.documents[0].sequence + 1


async def test_a_document_occurs_once_in_a_commit(state: State) -> None:
    with pytest.raises(BadRequest, match="tickets/a twice"):
        await state.commit(put("tickets/a", 1), put("tickets/a", 2))


async def test_a_repeat_changes_nothing_and_returns_the_same(state: State) -> None:
    writes = (put("tickets/a", 1, expect="absent"), write("patch", "tickets/b", {"x": 1}))
    first = await state.commit(*writes, idempotency_key="k", author=ADA)
    await state.put("tickets/a", 2)
    again = await state.commit(*writes, idempotency_key="k")
    assert (first.repeated, again.repeated) == (False, True)
    assert (again.documents, again.sequence) == (first.documents, first.sequence)
    assert await state.value("tickets/a") == 2


async def test_a_repeat_at_the_same_time_changes_nothing(state: State) -> None:
    found = await asyncio.gather(
        *(state.commit(write("patch", "a/b", {"x": 1}), idempotency_key="k") for _ in range(9))
    )
    assert sum(not one.repeated for one in found) == 1
    assert {one.documents[0].version for one in found} == {1}


async def test_a_key_that_was_used_for_something_else_is_refused(state: State) -> None:
    await state.put("tickets/a", 1, idempotency_key="k")
    with pytest.raises(IdempotencyMismatch, match="'k' was used for another change"):
        await state.put("tickets/a", 2, idempotency_key="k")
    assert (await State(backend=state.backend).put("tickets/a", 2, idempotency_key="k")).version == 1


async def test_a_key_of_a_refused_commit_may_be_used_again(state: State) -> None:
    with pytest.raises(VersionConflict):
        await state.put("tickets/a", 1, expect=1, idempotency_key="k")
    await state.put("tickets/a", 1, idempotency_key="k")


async def test_events_are_kept_with_the_change(state: State) -> None:
    event = Emitted(id="e1", source="/shop", type="invoice.paid", subject="ada", data={"sum": 3})
    committed = await state.commit(put("tickets/a", 1), events=(event,))
    with pytest.raises(VersionConflict):
        await state.commit(put("tickets/a", 1, expect="absent"), events=(event.model_copy(update={"id": "e2"}),))
    found = await _events(state)
    assert [(one.id, one.sequence) for one in found] == [("e1", committed.sequence)]
    assert (found[0].subject, found[0].data) == ("ada", {"sum": 3})


async def test_an_event_comes_once_by_source_and_id(state: State) -> None:
    event = Emitted(id="e1", source="/shop", type="invoice.paid")
    await state.commit(events=(event,))
    await state.commit(put("tickets/a", 1), events=(event, event.model_copy(update={"source": "/other"})))
    assert [one.source for one in await _events(state)] == ["/shop", "/other"]
    assert await state.value("tickets/a") == 1


async def _events(state: State) -> list[Event]:
    return list(await state.backend.events.events(after=0, limit=1000, types=["invoice.*"], tenant=state.tenant))


async def test_an_event_without_a_zone_is_refused(state: State) -> None:
    event = Emitted(id="e1", source="/shop", type="paid", time=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the fault
    with pytest.raises(BadRequest, match="has no zone"):
        await state.commit(put("tickets/a", 1), events=(event,))
    assert await state.get("tickets/a") is None


async def test_history_is_the_latest_first(state: State) -> None:
    for number in range(1, 6):
        await state.put("tickets/a", number)
    assert [found.value for found in await state.history("tickets/a")] == [5, 4, 3, 2, 1]
    assert [found.version for found in await state.history("tickets/a", limit=2)] == [5, 4]
    assert [found.version for found in await state.history("tickets/a", before=3)] == [2, 1]


async def test_a_version_that_is_not_there_is_said(state: State) -> None:
    await state.put("tickets/a", 1)
    with pytest.raises(NotFound, match=r"tickets/a .* has no version 2"):
        await state.get("tickets/a", version=2)


async def test_a_document_as_it_was(state: State) -> None:
    first = await state.put("tickets/a", 1)
    await asyncio.sleep(0.002)
    second = await state.put("tickets/a", 2)
    assert await state.value("tickets/a", as_of=first.sequence - 1) is None
    assert await state.value("tickets/a", as_of=first.sequence) == 1
    assert await state.value("tickets/a", as_of=second.sequence) == 2
    assert await state.value("tickets/a", as_of=first.written_at) == 1
    assert await state.value("tickets/a", as_of=first.written_at - timedelta(microseconds=1)) is None
    assert await state.value("tickets/a", as_of=second.written_at) == 2
    assert await state.value("tickets/a", as_of=datetime.now(UTC) + timedelta(days=1)) == 2
    with pytest.raises(BadRequest, match="has no zone"):
        await state.get("tickets/a", as_of=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the fault


async def test_a_snapshot_is_of_one_moment(state: State) -> None:
    await state.commit(put("a/x", 0), put("b/x", 0))
    places = [state.place("a/x"), state.place("b/x"), state.place("c/x")]
    moving = asyncio.create_task(_move_together(state))
    while not moving.done():
        found = await state.store.snapshot(places)
        one, other, absent = found.documents
        assert one is not None
        assert other is not None
        assert (one.value, absent) == (other.value, None)
        assert found.sequence >= other.sequence
    await moving


async def _move_together(state: State) -> None:
    for number in range(30):
        await state.commit(put("a/x", number), put("b/x", number))


async def test_a_snapshot_of_the_past(state: State) -> None:
    first = await state.put("a/x", 1)
    await state.put("a/x", 2)
    found = await state.store.snapshot([state.place("a/x")], as_of=first.sequence)
    assert (found.sequence, found.documents) == (first.sequence, (first,))


async def test_a_snapshot_is_of_one_tenant(state: State) -> None:
    with pytest.raises(BadRequest, match="several tenants"):
        await state.store.snapshot([state.place("a/x"), Place(namespace="a", key="x")])


async def test_what_one_store_wrote_another_reads(state: State) -> None:
    await state.put("tickets/a", 1)
    found = await state.other.get(state.place("tickets/a"), fresh=True)
    assert found is not None
    await state.other.commit(Commit(writes=(put("tickets/a", 2, expect=1),), tenant=state.tenant))
    assert await state.value("tickets/a", fresh=True) == 2


async def test_a_commit_of_nothing_changes_nothing(state: State) -> None:
    before = await state.store.sequence()
    committed = await state.commit()
    assert (committed.documents, committed.sequence >= before) == ((), True)
