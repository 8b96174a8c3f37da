from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contracts.errors import BadRequest
from contracts.state import Query
from tests.conformance.state_backends import State, put, write

DAY = timedelta(days=1)


async def prune(state: State, *, keep_versions: int = 1, ahead: timedelta = DAY) -> int:
    before = datetime.now(UTC) + ahead
    return await state.store.prune(before=before, keep_versions=keep_versions, tenant=state.tenant)


async def versions(state: State, name: str = "t/a", *, branch: str = "main") -> list[int]:
    return [found.version for found in await state.history(name, branch=branch)]


async def test_superseded_versions_are_deleted(state: State) -> None:
    for number in range(5):
        await state.put("t/a", number)
    await state.put("t/b", 1)
    assert await prune(state) == 4
    assert (await versions(state), await state.value("t/a")) == ([5], 4)
    assert await prune(state) == 0


async def test_the_last_versions_are_kept(state: State) -> None:
    for number in range(5):
        await state.put("t/a", number)
    assert await prune(state, keep_versions=3) == 2
    assert await versions(state) == [5, 4, 3]


async def test_what_is_younger_is_kept(state: State) -> None:
    await state.put("t/a", 1)
    await state.put("t/a", 2)
    assert await prune(state, ahead=-DAY) == 0


async def test_other_tenants_keep_theirs(state: State) -> None:
    other = State(backend=state.backend)
    for one in (state, other):
        await one.put("t/a", 1)
        await one.put("t/a", 2)
    assert await prune(state) == 1
    assert await versions(other) == [2, 1]


async def test_what_a_living_branch_reads_is_kept(state: State) -> None:
    first = await state.put("t/a", 1)
    for number in range(2, 6):
        await state.put("t/a", number)
        if number in {2, 4}:
            await state.fork(f"b{number}")
    await state.fork("b1", parent="b2", at=first.sequence)
    await state.put("t/a", "own", branch="b2")
    assert await prune(state) == 1
    assert await versions(state) == [5, 4, 2, 1]
    assert [await state.value("t/a", branch=f"b{number}", fresh=True) for number in (1, 2, 4)] == [1, "own", 4]
    for name in ("b1", "b2"):
        await state.store.drop(name, tenant=state.tenant)
    assert await prune(state) == 2
    assert await versions(state) == [5, 4]


async def test_what_is_deleted_stays_deleted(state: State) -> None:
    await state.put("t/a", 1)
    await state.commit(write("delete", "t/a"))
    assert await prune(state) == 1
    assert await state.get("t/a") is None
    assert (await state.put("t/a", 1)).version == 3
    assert len((await state.store.query(Query(namespace="t", tenant=state.tenant))).documents) == 1


async def test_what_a_repeat_would_return_is_kept_for_a_day(state: State) -> None:
    first = await state.commit(put("t/a", 1), put("t/b", 1), idempotency_key="k")
    await state.put("t/a", 2)
    await state.put("t/a", 3)
    assert await prune(state) == 1
    again = await state.commit(put("t/a", 1), put("t/b", 1), idempotency_key="k")
    assert (again.repeated, again.documents) == (True, first.documents)


async def test_thousands_are_deleted_in_pieces(state: State) -> None:
    for number in range(13):
        await state.commit(*(put(f"t/{key}", number) for key in range(100)))
    assert await prune(state) == 1200


async def test_a_time_without_a_zone_is_refused(state: State) -> None:
    with pytest.raises(BadRequest, match="has no zone"):
        await state.store.prune(before=datetime(2026, 1, 1), tenant=state.tenant)  # noqa: DTZ001 - that is the fault
