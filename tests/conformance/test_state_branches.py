from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contracts.errors import BadRequest, Conflict, IdempotencyMismatch, NotFound, VersionConflict
from contracts.state import Commit, Merged
from tests.conformance.state_backends import ADA, State, put, write


async def merge(state: State, branch: str, *, prefer: Any = None, **more: Any) -> Merged:
    return await state.store.merge(branch, commit=Commit(tenant=state.tenant, **more), prefer=prefer)


async def test_a_branch_reads_its_parent_as_it_was(state: State) -> None:
    await state.put("t/a", 1)
    await state.fork("side")
    await state.put("t/a", 2)
    await state.put("t/b", 2)
    assert [await state.value(f"t/{key}", branch="side") for key in "ab"] == [1, None]
    found = await state.get("t/a", branch="side")
    assert found is not None
    assert found.place.branch == "side"


async def test_a_branch_keeps_its_own(state: State) -> None:
    await state.put("t/a", 1)
    await state.fork("side")
    assert (await state.put("t/a", 2, branch="side", expect=1)).version == 2
    await state.commit(write("delete", "t/a", expect=2), branch="side")
    assert await state.value("t/a") == 1
    assert await state.value("t/a", branch="side") is None
    with pytest.raises(VersionConflict, match="branch 'side'"):
        await state.put("t/a", 4, branch="side", expect=1)


async def test_a_branch_begins_at_a_sequence_of_the_past(state: State) -> None:
    first = await state.put("t/a", 1)
    await state.put("t/a", 2)
    await state.fork("past", at=first.sequence)
    assert await state.value("t/a", branch="past") == 1
    assert (await state.put("t/a", 3, branch="past")).version == 2
    assert [one.value for one in await state.history("t/a", branch="past")] == [3, 1]


async def test_a_fork_before_its_parents_fork_reads_the_forefather(state: State) -> None:
    first = await state.put("t/a", 1)
    await state.put("t/a", 2)
    await state.fork("one")
    await state.put("t/a", 3, branch="one")
    await state.fork("two", parent="one", at=first.sequence)
    assert await state.value("t/a", branch="two") == 1


async def test_eight_branches_are_nested_and_no_more(state: State) -> None:
    parent = "main"
    for depth in range(1, 9):
        await state.put(f"t/{depth}", depth, branch=parent)
        await state.fork(f"b{depth}", parent=parent)
        parent = f"b{depth}"
    assert [await state.value(f"t/{depth}", branch="b8") for depth in range(1, 9)] == list(range(1, 9))
    with pytest.raises(BadRequest, match="nested deeper than 8"):
        await state.fork("b9", parent="b8")
    assert [branch.depth for branch in await state.store.branches(tenant=state.tenant)] == list(range(9))


async def test_a_repeated_fork_changes_nothing(state: State) -> None:
    await state.put("t/a", 1)
    first = await state.store.fork("side", tenant=state.tenant)
    await state.put("t/a", 2)
    assert await state.store.fork("side", tenant=state.tenant) == first
    assert await state.store.fork("side", at=first.fork_sequence, tenant=state.tenant) == first
    assert await state.value("t/a", branch="side") == 1
    with pytest.raises(Conflict, match="there is a branch 'side' already"):
        await state.fork("side", at=first.fork_sequence - 1)


async def test_what_cannot_be_forked_is_refused(state: State) -> None:
    with pytest.raises(NotFound, match="no branch 'none'"):
        await state.fork("side", parent="none")
    with pytest.raises(BadRequest, match="the last one is"):
        await state.fork("side", at=await state.store.sequence() + 1_000_000)
    with pytest.raises(Conflict, match="'main'"):
        await state.fork("main")
    with pytest.raises(BadRequest, match="cannot be named so"):
        await state.fork("../x")


async def test_what_is_not_there_is_said_of_every_call(state: State) -> None:
    for call in (
        state.get("t/a", branch="none"),
        state.put("t/a", 1, branch="none"),
        state.history("t/a", branch="none"),
        state.store.snapshot([state.place("t/a", branch="none")]),
        merge(state, "none"),
        state.store.keep("none", tenant=state.tenant),
        state.store.drop("none", tenant=state.tenant),
    ):
        with pytest.raises(NotFound, match="no branch 'none'"):
            await call


async def test_a_branch_of_one_tenant_is_none_of_another(state: State) -> None:
    await state.fork("side")
    stranger = State(backend=state.backend)
    with pytest.raises(NotFound):
        await stranger.get("t/a", branch="side")
    await stranger.fork("side")


async def test_a_merge_writes_what_the_branch_changed(state: State) -> None:
    await state.commit(put("t/a", 1), put("t/b", 1), put("t/c", 1))
    await state.fork("side")
    await state.put("t/c", "of main")
    await state.commit(put("t/a", 2), write("delete", "t/b"), put("t/new", 1), branch="side", author=ADA)
    merged = await merge(state, "side", author=ADA)
    assert merged.committed is not None
    assert [(one.place.key, one.place.branch, one.version) for one in merged.committed.documents] == [
        ("a", "main", 2),
        ("b", "main", 2),
        ("new", "main", 1),
    ]
    assert merged.committed.documents[0].author == ADA
    assert [await state.value(f"t/{key}", fresh=True) for key in ("a", "b", "c", "new")] == [2, None, "of main", 1]


async def test_a_merged_branch_takes_no_more_writes(state: State) -> None:
    await state.fork("side")
    await merge(state, "side")
    with pytest.raises(BadRequest, match="was merged and takes no more writes"):
        await state.put("t/a", 1, branch="side")
    with pytest.raises(BadRequest, match="was merged"):
        await merge(state, "side")
    assert (await state.store.branches(tenant=state.tenant))[1].state == "merged"


async def test_conflicts_are_listed_and_nothing_is_written(state: State) -> None:
    await state.commit(put("t/a", 1), put("t/b", 1))
    await state.fork("side")
    await state.put("t/a", "ours")
    await state.commit(put("t/a", "theirs"), put("t/b", 2), branch="side")
    merged = await merge(state, "side")
    assert merged.committed is None
    (conflict,) = merged.conflicts
    sides = [one.value if one else None for one in (conflict.base, conflict.ours, conflict.theirs)]
    assert (conflict.place, sides) == (state.place("t/a"), [1, "ours", "theirs"])
    assert await state.value("t/b") == 1
    await state.put("t/b", 3, branch="side")  # it is still open


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [
        ("ours", ["ours", "gone", 2]),
        ("theirs", ["theirs", "kept", 2]),
        ({("t", "a"): "ours", ("t", "b"): "theirs"}, ["ours", "kept", 2]),
    ],
)
async def test_conflicts_are_decided(state: State, prefer: Any, expected: list[Any]) -> None:
    await state.commit(put("t/a", 1), put("t/b", 1), put("t/c", 1))
    await state.fork("side")
    await state.commit(put("t/a", "ours"), write("delete", "t/b"))
    await state.commit(put("t/a", "theirs"), put("t/b", "kept"), put("t/c", 2), branch="side")
    merged = await merge(state, "side", prefer=prefer)
    assert merged.committed is not None
    assert [await state.value(f"t/{key}", fresh=True) or "gone" for key in "abc"] == expected


async def test_a_conflict_that_is_not_decided_stops_the_merge(state: State) -> None:
    await state.fork("side")
    await state.commit(put("t/a", 1), put("t/b", 1))
    await state.commit(put("t/a", 2), put("t/b", 2), branch="side")
    merged = await merge(state, "side", prefer={("t", "a"): "theirs"})
    assert [conflict.place.key for conflict in merged.conflicts] == ["b"]
    assert await state.value("t/a") == 1


async def test_the_same_change_on_both_sides_is_no_conflict(state: State) -> None:
    await state.put("t/a", {"x": 1, "y": 2})
    await state.fork("side")
    await state.put("t/a", {"x": 2, "y": 2})
    await state.put("t/a", {"y": 2, "x": 2}, branch="side")
    merged = await merge(state, "side")
    assert merged.committed is not None
    assert merged.committed.documents == ()
    assert [one.version for one in await state.history("t/a")] == [2, 1]


async def test_what_a_branch_took_back_does_not_fight(state: State) -> None:
    await state.put("t/a", 1)
    await state.fork("side")
    await state.put("t/a", 2, branch="side")
    await state.commit(write("restore", "t/a", to=1), branch="side")
    await state.put("t/a", "ours")
    assert (await merge(state, "side")).conflicts == ()
    assert await state.value("t/a") == "ours"


async def test_true_is_not_one(state: State) -> None:
    await state.put("t/a", {"x": 1})
    await state.fork("side")
    await state.put("t/a", {"x": True}, branch="side")
    await merge(state, "side")
    assert (await state.value("t/a", fresh=True))["x"] is True


async def test_a_branch_merges_into_its_parent_branch(state: State) -> None:
    await state.fork("one")
    await state.fork("two", parent="one")
    await state.put("t/a", 2, branch="two")
    await merge(state, "two")
    assert [await state.value("t/a", branch=branch, fresh=True) for branch in ("main", "one")] == [None, 2]
    await state.store.keep("one", tenant=state.tenant)
    await state.fork("three", parent="one")
    with pytest.raises(BadRequest, match="'one' was kept"):
        await merge(state, "three")


async def test_a_repeated_merge_changes_nothing(state: State) -> None:
    await state.fork("side")
    await state.put("t/a", 1, branch="side")
    first = await merge(state, "side", idempotency_key="k")
    again = await merge(state, "side", idempotency_key="k")
    assert first.committed is not None
    assert again.committed is not None
    assert (again.committed.repeated, again.committed.documents) == (True, first.committed.documents)
    with pytest.raises(IdempotencyMismatch):
        await merge(state, "side", idempotency_key="k", prefer="ours")


async def test_a_merge_that_cannot_be_is_refused(state: State) -> None:
    await state.fork("side")
    with pytest.raises(BadRequest, match="must hold no writes"):
        await merge(state, "side", writes=(put("t/a", 1),))
    with pytest.raises(BadRequest, match=r"'ours' .* or 'theirs' .*, not 'mine'"):
        await merge(state, "side", prefer="mine")
    with pytest.raises(BadRequest, match="'main' cannot be merged"):
        await merge(state, "main")


async def test_a_merge_of_hundreds(state: State) -> None:
    await state.fork("side")
    for start in range(0, 300, 100):
        await state.commit(*(put(f"t/{number}", number) for number in range(start, start + 100)), branch="side")
    merged = await merge(state, "side")
    assert merged.committed is not None
    assert len(merged.committed.documents) == 300
    assert await state.value("t/299") == 299


async def test_a_kept_branch_is_read_and_not_written(state: State) -> None:
    await state.fork("side")
    await state.put("t/a", 1, branch="side")
    kept = await state.store.keep("side", tenant=state.tenant)
    assert (kept.state, await state.store.keep("side", tenant=state.tenant)) == ("kept", kept)
    assert await state.value("t/a", branch="side") == 1
    with pytest.raises(BadRequest, match="was kept and takes no more writes"):
        await state.put("t/a", 2, branch="side")


async def test_a_dropped_branch_is_forgotten(state: State) -> None:
    await state.fork("side")
    await state.put("t/a", 1, branch="side")
    await state.store.drop("side", tenant=state.tenant)
    await state.store.drop("side", tenant=state.tenant)
    with pytest.raises(NotFound, match="'side' was dropped"):
        await state.get("t/a", branch="side", fresh=True)
    with pytest.raises(NotFound, match="'side' was dropped"):
        await state.put("t/a", 1, branch="side")
    with pytest.raises(Conflict, match="a name means one branch for ever"):
        await state.fork("side")
    assert [branch.name for branch in await state.store.branches(tenant=state.tenant)] == ["main"]


async def test_a_branch_that_others_read_is_not_dropped(state: State) -> None:
    await state.fork("one")
    await state.fork("two", parent="one")
    with pytest.raises(Conflict, match="two was forked from the branch 'one'"):
        await state.store.drop("one", tenant=state.tenant)
    await state.store.drop("two", tenant=state.tenant)
    await state.store.drop("one", tenant=state.tenant)


async def test_forks_and_writes_at_once_come_in_one_order(state: State) -> None:
    async def write_and_fork(number: int) -> None:
        await state.put("t/a", number)
        await state.fork(f"b{number}")
        await state.put("t/b", number, branch=f"b{number}")

    await asyncio.gather(*(write_and_fork(number) for number in range(20)))
    for branch in (await state.store.branches(tenant=state.tenant))[1:]:
        seen = await state.get("t/a", branch=branch.name)
        then = await state.get("t/a", as_of=branch.fork_sequence)
        assert seen is not None
        assert then is not None
        assert seen.value == then.value
        assert await state.value("t/b", branch=branch.name) == int(branch.name[1:])
