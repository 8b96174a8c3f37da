"""Words and numbers that no database can hold are refused at the door, or are not there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from contracts.errors import BadRequest, NotFound
from contracts.memories import Memory, MemoryDraft, MemoryRevision, MemoryScope
from contracts.recall import MemoryFilter, MemoryListing, MemoryQuery
from tests.support.minds import Mind

Attempt = Callable[[Mind, Memory, str], Awaitable[Any]]
ADA = MemoryScope(user="ada")
ATTEMPTS: dict[str, Attempt] = {
    "get": lambda mind, it, bad: mind.store.get(mind.caller(), bad + it.id),
    "history": lambda mind, it, bad: mind.store.history(mind.caller(), it.id + bad),
    "mark": lambda mind, it, bad: mind.store.mark(mind.caller(), it.id + bad, useful=True),
    "review": lambda mind, it, bad: mind.store.review(mind.caller(), it.id + bad, decision="accept"),
    "relations": lambda mind, it, bad: mind.store.relations(mind.caller(), it.id + bad),
    "relations of an entity": lambda mind, it, bad: mind.store.relations(mind.caller(), f"entity:{it.text}{bad}"),
    "path": lambda mind, it, bad: mind.store.path(mind.caller(), it.id, f"entity:{bad}"),
    "filter": lambda mind, it, bad: mind.store.list(
        mind.caller(), MemoryListing(filter=MemoryFilter(speaker=it.text + bad))
    ),
    "filter by metadata": lambda mind, it, bad: mind.search(
        it.text, filter=MemoryFilter.model_construct(metadata={"a": [{bad: 1}]})
    ),
    "team": lambda mind, it, bad: mind.store.search(mind.caller(), MemoryQuery.model_construct(text=it.text, team=bad)),
    "why": lambda mind, it, bad: mind.store.edit(mind.caller(), MemoryRevision(id=it.id, pinned=True), why=bad),
    "key": lambda mind, it, bad: mind.store.add(
        mind.caller(), [MemoryDraft(text=it.text, scope=ADA)], idempotency_key=bad
    ),
}


@pytest.mark.parametrize("bad", ["\x00", "\ud800"])
async def test_words_that_cannot_be_kept_are_refused(mind: Mind, bad: str) -> None:
    memory = await mind.one("Ada lives in Porto")
    for name, attempt in ATTEMPTS.items():
        with pytest.raises((BadRequest, NotFound)) as refused:
            await attempt(mind, memory, bad)
        assert str(refused.value), name
    assert await mind.found("Porto") == ["Ada lives in Porto"]


@pytest.mark.parametrize("number", [-1, 10**30])
async def test_numbers_beyond_all_that_there_is_lead_to_nothing_else(mind: Mind, number: int) -> None:
    memory = await mind.one("Ada lives in Porto")
    there = ["Ada lives in Porto"] if number > 0 else []
    assert await mind.found("Porto", as_of=number) == there
    assert await mind.found("", as_of=number) == there
    page = await mind.store.list(mind.caller(), MemoryListing(as_of=number))
    assert [one.text for one in page.memories] == there
    with pytest.raises(NotFound):
        await mind.store.get(mind.caller(), memory.id, version=number)
