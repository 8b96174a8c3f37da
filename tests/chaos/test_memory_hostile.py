"""Hostile texts are stored and returned as they are, or refused with a reason; they are never interpreted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import islice

import pytest
from pydantic import ValidationError

from contracts.errors import BadRequest
from contracts.memories import Memory, MemoryDraft, MemoryScope, MemorySource
from contracts.recall import MAX_QUERY_CHARS, MemoryFilter, MemoryListing, MemoryQuery
from contracts.relations import Relation
from perdure.settings import Settings
from tests.support.hostile import hostile_texts
from tests.support.minds import Mind, MindBackend, minds
from tests.support.state_backends import DATABASES

ADA = MemoryScope(user="ada")
REASONS = ("empty", "NUL", "surrogate", "at most", "valid string")
_BATCH = 40
lean = pytest.mark.parametrize(
    "state_backend", [DATABASES[0], pytest.param(DATABASES[1], marks=pytest.mark.long)], indirect=True
)


@pytest.fixture
async def backend(state_settings: Settings) -> AsyncIterator[MindBackend]:
    async with minds(state_settings) as backend:
        yield backend


async def check_texts(mind: Mind, count: int, *, seed: int) -> None:
    """Write the texts, read them back, ask them as questions, and see that nothing else has changed."""
    await mind.one("Bob keeps bees", user="bob")
    texts = hostile_texts(count, seed=seed)
    stored = 0
    while batch := list(islice(texts, _BATCH)):
        drafts = [draft for text in batch if (draft := draft_of(text)) is not None]
        made = await mind.store.add(mind.caller(), drafts)
        await check_kept(mind, made, drafts)
        stored += len(made)
        for text in batch[:: max(1, _BATCH // 10)]:
            await check_asked(mind, text)
    counts = (await mind.store.stats(mind.caller(None, operator=True)))["memories"]
    assert counts["scope"] == {"user=ada": stored, "user=bob": 1}
    assert await mind.found("bees", by=mind.caller("bob")) == ["Bob keeps bees"]


async def check_kept(mind: Mind, made: Sequence[Memory], drafts: Sequence[MemoryDraft]) -> None:
    """See that each is there as it was given."""
    for memory, draft in zip(made, drafts, strict=True):
        assert (await mind.store.get(mind.caller(), memory.id)).text == draft.text
    page = await mind.store.list(mind.caller(), MemoryListing(limit=len(made) or 1))
    assert {memory.text for memory in page.memories} == {draft.text for draft in drafts}


async def check_asked(mind: Mind, text: str) -> None:
    """See that as a question it finds at most what is Ada's."""
    try:
        query = MemoryQuery(text=text[:MAX_QUERY_CHARS], limit=5)
    except ValidationError:
        return
    found = await mind.store.search(mind.caller(), query)
    assert {hit.memory.scope.key for hit in found.hits} <= {"user=ada"}


def draft_of(text: str) -> MemoryDraft | None:
    """A draft of it; None where it is refused, for a reason that is told."""
    try:
        return MemoryDraft(text=text, scope=ADA)
    except ValidationError as refused:
        if not any(why in str(refused) for why in REASONS):
            raise
        return None


@lean
async def test_two_hundred_hostile_texts(backend: MindBackend) -> None:
    await check_texts(Mind.of(backend), 200, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("state_backend", DATABASES, indirect=True)
async def test_ten_thousand_hostile_texts(backend: MindBackend) -> None:
    await check_texts(Mind.of(backend), 10_000, seed=2)


@lean
async def test_hostile_words_in_all_other_fields(backend: MindBackend) -> None:
    mind = Mind.of(backend)
    for text in hostile_texts(26, seed=3):
        word = text[:90] or "x"
        try:
            draft = MemoryDraft(
                text="harmless",
                scope=ADA,
                speaker=word,
                tags=(word,),
                entities=(word,),
                source=MemorySource(thread=word, document=word),
                metadata={word: word},
            )
            (memory,) = await mind.store.add(mind.caller(), [draft])
        except (ValidationError, BadRequest):
            continue
        assert (memory.speaker, memory.tags, memory.entities, memory.metadata) == (word, (word,), (word,), {word: word})
        for chosen in ({"speaker": word}, {"tags": (word,)}, {"thread": word}, {"contains": word}):
            await mind.store.list(mind.caller(), MemoryListing(filter=MemoryFilter.model_validate(chosen)))
        found = await mind.found("harmless", filter=MemoryFilter(tags=(word,), metadata={word: word}), limit=10)
        assert found
        await mind.store.relate(mind.caller(), Relation(start=memory.id, end=f"entity:{word}", kind="knows"))
        await mind.store.relations(mind.caller(), f"entity:{word}")


@pytest.mark.parametrize(
    "id", ["*", "%", "a*", "", " ", "a  b", "a\x00b", "a&user=b", "a=b", "'", "a\nb", "x" * 201, "\ud800"]
)
def test_ids_that_are_patterns_name_nobody(id: str) -> None:
    for field in ("user", "agent", "team", "session"):
        with pytest.raises(ValidationError):
            MemoryScope.model_validate({field: id})
