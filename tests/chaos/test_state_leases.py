"""Leases between stores: one holder, higher tokens, and no write of one who lost his."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from contracts.errors import LeaseLost
from contracts.ports import StateStore
from contracts.state import Commit, Lease, Place, Write
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.state_backends import DATABASES

pytestmark = pytest.mark.parametrize("state_backend", DATABASES, indirect=True)
SHORT = timedelta(seconds=0.3)
LONG = timedelta(minutes=1)
PLACE = Place(namespace="guarded", key="d")


@pytest.fixture
async def other(state_settings: Settings) -> AsyncIterator[StateStore]:
    """The store of another process."""
    async with open_stores(state_settings) as stores:
        yield stores.state


async def put(state: StateStore, value: object, lease: Lease) -> None:
    """Write under a lease."""
    write = Write(kind="put", namespace=PLACE.namespace, key=PLACE.key, value=value)
    await state.commit(Commit(writes=(write,), fence=lease.fence))


async def test_a_lease_that_ended_is_taken_by_another_and_the_old_token_writes_nothing(
    state: StateStore, other: StateStore
) -> None:
    first = await state.acquire("leader", holder="a", ttl=SHORT)
    assert first is not None
    await put(state, "first", first)
    assert await other.acquire("leader", holder="b", ttl=LONG) is None
    await asyncio.sleep(SHORT.total_seconds() + 0.05)
    with pytest.raises(LeaseLost, match="has ended"):
        await put(state, "too late", first)
    second = await other.acquire("leader", holder="b", ttl=LONG)
    assert second is not None
    assert second.token > first.token
    await put(other, "second", second)
    with pytest.raises(LeaseLost, match=f"the token is {second.token} by now"):
        await put(state, "far too late", first)
    with pytest.raises(LeaseLost):
        await state.renew(first, ttl=LONG)
    history = await state.history(PLACE)
    assert [document.value for document in history] == ["second", "first"]


async def test_of_many_who_ask_at_once_one_gets_it(state: StateStore, other: StateStore) -> None:
    asked = [store.acquire("leader", holder=f"{number}", ttl=LONG) for number in range(20) for store in (state, other)]
    got = [lease for lease in await asyncio.gather(*asked) if lease is not None]
    assert {lease.holder for lease in got} == {got[0].holder}
    assert {lease.token for lease in got} == {got[0].token}
    await state.release(got[0])
    assert await other.acquire("leader", holder="next", ttl=LONG) is not None
