from __future__ import annotations

from typing import Any

import pytest

from contracts.errors import BadRequest, IdempotencyMismatch
from contracts.ports import ContextStore
from contracts.state import Commit
from memory.context_store import StateContextStore
from tests.conformance.state_backends import ADA, State, put


@pytest.fixture
def contexts(state: State) -> ContextStore:
    return StateContextStore(state.store)


def by(state: State, **more: Any) -> Commit:
    return Commit(tenant=state.tenant, **more)


async def test_an_agent_has_nothing_at_first(state: State, contexts: ContextStore) -> None:
    assert await contexts.retrieve("support/triage", tenant=state.tenant) == {}


async def test_what_is_stored_is_retrieved(state: State, contexts: ContextStore) -> None:
    stored = await contexts.store("support/triage", {"seen": 1}, commit=by(state, author=ADA))
    assert (stored.version, stored.author) == (1, ADA)
    await contexts.store("support/triage/user/ada", {"likes": "tea"}, commit=by(state))
    assert await contexts.retrieve("support/triage", tenant=state.tenant) == {"seen": 1}
    assert await contexts.retrieve("support/triage/user/ada", tenant=state.tenant) == {"likes": "tea"}
    assert await contexts.retrieve("support/triage") == {}


async def test_an_update_is_merged(state: State, contexts: ContextStore) -> None:
    await contexts.update("support/triage", {"a": {"b": 1}}, commit=by(state))
    await contexts.update("support/triage", {"a": {"c": 2}}, commit=by(state, idempotency_key="k"))
    await contexts.update("support/triage", {"a": {"c": 2}}, commit=by(state, idempotency_key="k"))
    assert await contexts.retrieve("support/triage", tenant=state.tenant) == {"a": {"b": 1, "c": 2}}
    with pytest.raises(IdempotencyMismatch):
        await contexts.update("support/triage", {"a": 1}, commit=by(state, idempotency_key="k"))


async def test_a_branch_has_contexts_of_its_own(state: State, contexts: ContextStore) -> None:
    await contexts.store("support/triage", {"a": 1}, commit=by(state))
    await state.fork("side")
    await contexts.update("support/triage", {"b": 2}, commit=by(state, branch="side"))
    assert await contexts.retrieve("support/triage", tenant=state.tenant, branch="side") == {"a": 1, "b": 2}
    assert await contexts.retrieve("support/triage", tenant=state.tenant) == {"a": 1}


async def test_what_cannot_be_kept_is_refused(state: State, contexts: ContextStore) -> None:
    with pytest.raises(BadRequest, match=r"the context of '\.\./x' cannot be kept: .* must not hold"):
        await contexts.store("../x", {}, commit=by(state))
    with pytest.raises(BadRequest, match="the context of ''"):
        await contexts.retrieve("", tenant=state.tenant)
    with pytest.raises(BadRequest, match="must hold no writes"):
        await contexts.store("a", {}, commit=by(state, writes=(put("t/a", 1),)))
