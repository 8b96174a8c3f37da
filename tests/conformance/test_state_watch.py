from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from contracts.errors import BadRequest, NotFound
from contracts.ports import StateStore
from contracts.state import Change, Commit
from tests.conformance.state_backends import State, put, write
from tests.support.state_backends import BACKENDS

pytestmark = pytest.mark.parametrize("kind", BACKENDS, indirect=True, scope="session")


async def first(changes: AsyncIterator[Change], count: int) -> list[Change]:
    found = []
    async with aclosing(changes), asyncio.timeout(10):  # type: ignore[type-var]
        async for change in changes:
            found.append(change)
            if len(found) == count:
                break
    return found


def watch(state: State, pattern: str, *, store: StateStore | None = None, **more: Any) -> AsyncIterator[Change]:
    return (store or state.store).watch(pattern, tenant=state.tenant, **more)


def seen(changes: list[Change]) -> list[tuple[str, Any]]:
    return [(change.document.place.key, change.document.value) for change in changes]


async def test_every_change_since_the_beginning_in_order(state: State) -> None:
    await state.commit(put("t/a", 1), put("t/b", 1))
    await state.put("t/a", 2)
    await state.commit(write("delete", "t/b"))
    changes = await first(watch(state, "t/*", since=0), 4)
    assert seen(changes) == [("a", 1), ("b", 1), ("a", 2), ("b", None)]
    assert changes[3].document.gone
    sequences = [change.document.sequence for change in changes]
    assert sequences == sorted(set(sequences))
    assert not any(change.late for change in changes)


async def test_only_changes_after_a_sequence(state: State) -> None:
    one = await state.put("t/a", 1)
    await state.put("t/a", 2)
    assert seen(await first(watch(state, "t/*", since=one.sequence), 1)) == [("a", 2)]


async def test_from_now_on(state: State) -> None:
    await state.put("t/a", 1)
    waiting = asyncio.create_task(first(watch(state, "t/*"), 1))
    await asyncio.sleep(0.05)
    await state.put("t/a", 2)
    assert seen(await waiting) == [("a", 2)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", ["t/a/b", "t/ab", "u/a", "t/x.y"]),
        ("t/*", ["t/a/b", "t/ab", "t/x.y"]),
        ("t/a*", ["t/a/b", "t/ab"]),
        ("t/ab", ["t/ab"]),
        ("*/a*", ["t/a/b", "t/ab", "u/a"]),
        ("t/x?y", []),
        ("t/x.*", ["t/x.y"]),
    ],
)
async def test_a_pattern_chooses(state: State, pattern: str, expected: list[str]) -> None:
    await state.commit(*(put(name, 1) for name in ("t/a/b", "t/ab", "u/a", "t/x.y")))
    changes = await first(watch(state, pattern, since=0), len(expected)) if expected else []
    assert [f"{change.document.place.namespace}/{change.document.place.key}" for change in changes] == expected


async def test_a_pattern_that_names_no_document_is_refused(state: State) -> None:
    with pytest.raises(BadRequest, match="'tickets' must be 'namespace/key'"):
        watch(state, "tickets")


async def test_a_change_is_seen_at_once(state: State) -> None:
    await first_is_seen_within(state, state.store, 0.1)


async def test_a_change_of_another_store_is_seen_soon(state: State) -> None:
    await first_is_seen_within(state, state.other, 0.3)


async def first_is_seen_within(state: State, writer: StateStore, seconds: float) -> None:
    """The best of some tries: the machine may be busy, and a sweep takes a second."""
    waits = []
    async with aclosing(watch(state, "t/*")) as changes:  # type: ignore[type-var]
        for number in range(4):
            waiting = asyncio.ensure_future(anext(changes))
            await asyncio.sleep(0.05)
            await writer.commit(Commit(writes=(put("t/a", number),), tenant=state.tenant))
            written = time.perf_counter()
            change = await waiting
            waits.append(time.perf_counter() - written)
            assert (change.document.value, change.late) == (number, False)
    assert min(waits) < seconds


async def test_two_watchers_see_one_order_and_rebuild_the_state(state: State) -> None:
    async def write_some(number: int) -> None:
        for step in range(10):
            await state.commit(put(f"t/{number}", step), put("t/shared", [number, step]))
        await state.commit(write("delete", f"t/{number}"), put("end/x", number))

    watchers = [
        asyncio.create_task(first(watch(state, "*", store=store, since=0), 8 * 22))
        for store in (state.store, state.other)
    ]
    await asyncio.gather(*(write_some(number) for number in range(8)))
    one, two = await asyncio.gather(*watchers)
    assert [change.document for change in one] == [change.document for change in two]
    await is_rebuilt(state, one)


async def is_rebuilt(state: State, changes: list[Change]) -> None:
    rebuilt = {change.document.place: change.document for change in changes}
    for place, document in rebuilt.items():
        assert (None if document.gone else document) == await state.store.get(place, fresh=True)


async def test_long_pasts_come_in_pieces(state: State) -> None:
    for start in range(0, 600, 100):
        await state.commit(*(put(f"t/{number}", number) for number in range(start, start + 100)))
    changes = await first(watch(state, "t/*", since=0), 600)
    assert [change.document.value for change in changes] == list(range(600))


async def test_on_a_branch_the_past_of_its_parents_comes_first(state: State) -> None:
    await state.put("t/a", 1)
    await state.fork("side")
    await state.put("t/a", "later on main")
    await state.put("t/a", 2, branch="side")
    await state.fork("deep", parent="side")
    await state.put("t/a", "later on side", branch="side")
    await state.put("t/a", 3, branch="deep")
    changes = await first(watch(state, "t/*", since=0, branch="deep"), 3)
    assert seen(changes) == [("a", 1), ("a", 2), ("a", 3)]
    assert {change.document.place.branch for change in changes} == {"deep"}


async def test_watching_a_branch_that_is_not_there_is_refused(state: State) -> None:
    with pytest.raises(NotFound, match="no branch 'none'"):
        await first(watch(state, "t/*", since=0, branch="none"), 1)


async def test_a_watcher_may_leave(state: State) -> None:
    async with aclosing(watch(state, "t/*", since=0)) as changes:  # type: ignore[type-var]
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await state.put("t/a", 1)
