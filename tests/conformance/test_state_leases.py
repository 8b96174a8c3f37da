from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from contracts.errors import BadRequest, LeaseLost
from contracts.state import Fence, Lease
from tests.conformance.state_backends import State

LONG = timedelta(minutes=1)
SHORT = timedelta(milliseconds=30)


async def taken(state: State, holder: str = "ada", *, ttl: timedelta = LONG) -> Lease:
    lease = await state.store.acquire("relay", holder=holder, ttl=ttl, tenant=state.tenant)
    assert lease is not None
    return lease


async def test_one_holds_a_lease(state: State) -> None:
    lease = await taken(state)
    assert (lease.holder, lease.token) == ("ada", 1)
    assert await state.store.acquire("relay", holder="bob", ttl=LONG, tenant=state.tenant) is None
    assert await state.other.acquire("relay", holder="bob", ttl=LONG, tenant=state.tenant) is None
    assert (await taken(State(backend=state.backend), "bob")).token == 1


async def test_one_of_many_gets_it(state: State) -> None:
    found = await asyncio.gather(
        *(state.store.acquire("relay", holder=str(number), ttl=LONG, tenant=state.tenant) for number in range(20))
    )
    assert sum(lease is not None for lease in found) == 1


async def test_the_holder_gets_his_own_again_prolonged(state: State) -> None:
    first = await taken(state)
    again = await taken(state, ttl=2 * LONG)
    assert again.token == first.token
    assert again.expires_at > first.expires_at + LONG / 2


async def test_a_leases_end_frees_it(state: State) -> None:
    first = await taken(state, ttl=SHORT)
    await asyncio.sleep(0.04)
    second = await taken(state, "bob")
    assert second.token > first.token
    with pytest.raises(LeaseLost, match="the token is 2 by now"):
        await state.store.renew(first, ttl=LONG)


async def test_the_holder_of_one_that_ended_gets_a_new_token(state: State) -> None:
    first = await taken(state, ttl=SHORT)
    await asyncio.sleep(0.04)
    with pytest.raises(LeaseLost, match="it has ended"):
        await state.store.renew(first, ttl=LONG)
    assert (await taken(state)).token == first.token + 1


async def test_a_lease_is_renewed(state: State) -> None:
    first = await taken(state, ttl=timedelta(seconds=1))
    renewed = await state.store.renew(first, ttl=LONG)
    assert (renewed.token, renewed.expires_at > first.expires_at) == (first.token, True)


async def test_a_released_lease_is_free(state: State) -> None:
    lease = await taken(state)
    await state.store.release(lease)
    await state.store.release(lease)
    second = await taken(state, "bob")
    await state.store.release(lease)
    assert await state.store.acquire("relay", holder="ada", ttl=LONG, tenant=state.tenant) is None
    assert second.token == 2


async def test_a_write_with_a_token_that_holds_is_done(state: State) -> None:
    lease = await taken(state)
    await state.put("t/a", 1, fence=lease.fence)
    assert await state.value("t/a") == 1


async def test_a_write_with_an_old_token_is_refused(state: State) -> None:
    old = await taken(state, ttl=SHORT)
    await asyncio.sleep(0.04)
    with pytest.raises(LeaseLost, match=r"'relay' with token 1 .*it has ended"):
        await state.put("t/a", 1, fence=old.fence)
    await taken(state, "bob")
    with pytest.raises(LeaseLost, match="the token is 2 by now"):
        await state.put("t/a", 1, fence=old.fence)
    with pytest.raises(LeaseLost, match="there is no such lease"):
        await state.put("t/a", 1, fence=Fence(name="none", token=1))
    assert await state.get("t/a") is None


async def test_a_lease_that_cannot_be_is_refused(state: State) -> None:
    with pytest.raises(BadRequest, match="would end at once"):
        await taken(state, ttl=timedelta(0))
    with pytest.raises(BadRequest, match="the lease's name ''"):
        await state.store.acquire("", holder="ada", ttl=LONG, tenant=state.tenant)
