from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contracts.ports import StateCache
from contracts.state import Document, Place
from memory.memory_cache import MemoryStateCache

STALE = timedelta(seconds=1)


class Clock:
    """Seconds, which the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> StateCache:
    return MemoryStateCache(stale=STALE, max_documents=3, clock=clock)


def place(key: str = "a", **more: str) -> Place:
    return Place(namespace="t", key=key, **more)


def document(sequence: int, *, value: object = None, key: str = "a") -> Document:
    return Document(place=place(key), value=value, version=1, sequence=sequence, written_at=datetime.now(UTC))


async def test_what_is_kept_is_found(cache: StateCache) -> None:
    assert await cache.get(place()) == (False, None)
    await cache.keep(place(), document(1, value={"x": 1}))
    hit, found = await cache.get(place())
    assert (hit, found.value if found else None) == (True, {"x": 1})


async def test_it_remembers_that_something_is_not_there(cache: StateCache) -> None:
    await cache.keep(place(), None)
    assert await cache.get(place()) == (True, None)


async def test_branches_and_tenants_are_apart(cache: StateCache) -> None:
    await cache.keep(place(), document(1))
    assert await cache.get(place(branch="side")) == (False, None)
    assert await cache.get(place(tenant="other")) == (False, None)


async def test_an_older_document_never_replaces_a_later_one(cache: StateCache) -> None:
    await cache.keep(place(), document(5, value="new"))
    await cache.keep(place(), document(3, value="old"))
    await cache.keep(place(), None)
    _, found = await cache.get(place())
    assert found is not None
    assert found.value == "new"


async def test_nothing_is_handed_out_after_its_time(cache: StateCache, clock: Clock) -> None:
    await cache.keep(place(), document(1))
    clock.now += 0.9
    assert (await cache.get(place()))[0]
    clock.now += 0.2
    assert await cache.get(place()) == (False, None)


async def test_reading_does_not_prolong(cache: StateCache, clock: Clock) -> None:
    await cache.keep(place(), document(1))
    for expected in (True, True, False):
        clock.now += 0.4
        assert (await cache.get(place()))[0] is expected


async def test_what_was_read_longest_ago_is_forgotten(cache: StateCache) -> None:
    for key in "abc":
        await cache.keep(place(key), document(1, key=key))
    await cache.get(place("a"))
    await cache.keep(place("d"), document(1, key="d"))
    assert [(await cache.get(place(key)))[0] for key in "abcd"] == [True, False, True, True]


async def test_each_reader_has_a_value_of_its_own(cache: StateCache) -> None:
    kept = document(1, value={"list": [1]})
    await cache.keep(place(), kept)
    kept.value["list"].append(2)
    _, one = await cache.get(place())
    assert one is not None
    one.value["list"].append(3)
    _, two = await cache.get(place())
    assert two is not None
    assert two.value == {"list": [1]}
