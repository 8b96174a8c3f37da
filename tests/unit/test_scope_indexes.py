from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from contracts.errors import BackendUnavailable
from contracts.memory_ports import LedgerEntry, MemoryLedger, View
from memory.store.scope_indexes import ScopeIndexes

ADA, BOB = View("t", "main", "user=ada"), View("t", "main", "user=bob")


class Entries:
    """A ledger that has entries and counts who reads them."""

    def __init__(self) -> None:
        self.kept: dict[View, list[LedgerEntry]] = {}
        self.reads: list[tuple[View, int]] = []
        self.looks = 0
        self.away = False
        self.moved = 0

    def write(self, view: View, id: str, *, live: bool = True) -> None:
        self.moved += 1
        self.kept.setdefault(view, []).append(entry(id, self.moved, live=live))

    async def heads(self, views: Sequence[View]) -> Sequence[int]:
        if self.away:
            raise BackendUnavailable("the ledger is away")
        self.looks += 1
        return [
            max((one.sequence for one in self.kept.get(view._replace(as_of=None), [])), default=0) for view in views
        ]

    async def entries(self, view: View, *, after: int, embedder: str) -> tuple[Sequence[LedgerEntry], int]:
        if self.away:
            raise BackendUnavailable("the ledger is away")
        self.reads.append((view, after))
        upto = self.moved
        await asyncio.sleep(0)
        found = [one for one in self.kept.get(view._replace(as_of=None), []) if after < one.sequence]
        return [one for one in found if view.as_of is None or one.sequence <= view.as_of], upto


def entry(id: str, sequence: int, *, live: bool) -> LedgerEntry:
    return LedgerEntry(id, sequence, live, ("word", id), None, None, None, None, None, sequence, None, 0.5, False, ())


@pytest.fixture
def ledger() -> Entries:
    return Entries()


def indexes_of(ledger: Entries, *, max_bytes: int = 10**9) -> ScopeIndexes:
    return ScopeIndexes(cast("MemoryLedger", ledger), embedder="e", dimensions=4, max_bytes=max_bytes)


async def test_an_index_is_loaded_once_and_then_advanced(ledger: Entries) -> None:
    indexes = indexes_of(ledger)
    ledger.write(ADA, "a")
    assert [len(one) for one in await indexes.at([ADA, BOB], moved=ledger.moved)] == [1]
    await indexes.at([ADA, BOB], moved=ledger.moved)
    assert (ledger.reads, ledger.looks) == ([(ADA, 0)], 1)
    ledger.write(ADA, "b")
    (index,) = await indexes.at([ADA], moved=ledger.moved)
    assert (len(index), ledger.reads[1:]) == (2, [(ADA, 1)])


async def test_views_that_stayed_as_they_were_are_not_read(ledger: Entries) -> None:
    indexes = indexes_of(ledger)
    ledger.write(ADA, "a")
    await indexes.at([ADA, BOB], moved=ledger.moved)
    ledger.write(View("t", "main", "user=eve"), "b")
    ledger.write(BOB, "c")
    assert [len(one) for one in await indexes.at([ADA, BOB], moved=ledger.moved)] == [1, 1]
    assert ledger.reads == [(ADA, 0), (BOB, 1)]
    assert ledger.looks == 2


async def test_what_left_the_view_leaves_the_index(ledger: Entries) -> None:
    indexes = indexes_of(ledger)
    ledger.write(ADA, "a")
    await indexes.at([ADA], moved=ledger.moved)
    ledger.write(ADA, "a", live=False)
    assert await indexes.at([ADA], moved=ledger.moved) == []


async def test_of_many_who_ask_at_once_one_loads(ledger: Entries) -> None:
    indexes = indexes_of(ledger)
    ledger.write(ADA, "a")
    found = await asyncio.gather(*(indexes.at([ADA], moved=1) for _ in range(20)))
    assert {len(one) for (one,) in found} == {1}
    assert ledger.reads == [(ADA, 0)]


async def test_a_load_that_failed_is_tried_again(ledger: Entries) -> None:
    indexes = indexes_of(ledger)
    ledger.write(ADA, "a")
    ledger.away = True
    with pytest.raises(BackendUnavailable):
        await indexes.at([ADA], moved=1)
    ledger.away = False
    assert [len(one) for one in await indexes.at([ADA], moved=1)] == [1]


async def test_a_view_of_the_past_is_its_own_and_stays(ledger: Entries) -> None:
    indexes = indexes_of(ledger)
    ledger.write(ADA, "a")
    ledger.write(ADA, "b")
    past = ADA._replace(as_of=1)
    assert [len(one) for one in await indexes.at([past], moved=1)] == [1]
    assert [len(one) for one in await indexes.at([ADA], moved=2)] == [2]
    assert [len(one) for one in await indexes.at([past], moved=1)] == [1]
    assert ledger.reads == [(past, 0), (ADA, 0)]


async def test_views_of_the_past_are_few(ledger: Entries) -> None:
    indexes = indexes_of(ledger)
    ledger.write(ADA, "a")
    for sequence in range(1, 100):
        await indexes.at([ADA._replace(as_of=sequence)], moved=sequence)
    assert indexes.sizes()["indexes"] <= 33


async def test_where_there_is_no_room_the_longest_unused_goes(ledger: Entries) -> None:
    views = [View("t", "main", f"user={number}") for number in range(6)]
    for view in views:
        for number in range(50):
            ledger.write(view, f"m{number}")
    one = indexes_of(ledger)
    await one.at(views[:1], moved=ledger.moved)
    indexes = indexes_of(ledger, max_bytes=3 * one.sizes()["bytes"])
    for view in views:
        await indexes.at([view], moved=ledger.moved)
    assert indexes.sizes()["indexes"] == 3
    assert indexes.sizes()["bytes"] <= 3 * one.sizes()["bytes"]
    ledger.reads.clear()
    await indexes.at([views[-1], views[0]], moved=ledger.moved)
    assert ledger.reads == [(views[0], 0)]


async def test_what_is_searched_at_once_is_held_even_where_it_is_too_much(ledger: Entries) -> None:
    for view in (ADA, BOB):
        ledger.write(view, "m")
    indexes = indexes_of(ledger, max_bytes=1)
    assert len(await indexes.at([ADA, BOB], moved=2)) == 2


async def test_only_what_is_loaded_is_followed(ledger: Entries) -> None:
    indexes = indexes_of(ledger)
    ledger.write(ADA, "a")
    await indexes.follow([ADA, BOB], moved=1)
    assert ledger.reads == []
    await indexes.at([ADA], moved=1)
    ledger.write(ADA, "b")
    await indexes.follow([ADA, BOB], moved=2)
    assert ledger.reads == [(ADA, 0), (ADA, 1)]
    indexes.clear()
    assert indexes.sizes() == {"indexes": 0, "memories": 0, "bytes": 0}
