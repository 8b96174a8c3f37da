"""Ten thousand texts that somebody might break a store with: kept byte for byte, or refused and said so."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from contracts.memories import MemoryCommit, MemoryDraft
from memory.memory_ledger import SqlMemoryLedger
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.hostile_texts import hostile_texts
from tests.support.memory_ledgers import ADA, EMBEDDER
from tests.support.state_backends import DATABASES

_AT_ONCE = 500


@pytest.mark.long
@pytest.mark.parametrize("state_backend", DATABASES, indirect=True)
async def test_ten_thousand_hostile_texts_are_kept_or_refused(state_settings: Settings) -> None:
    kept: list[str] = []
    for text, refused in hostile_texts(10_000):
        if not refused:
            kept.append(text)
            continue
        with pytest.raises(ValidationError, match="text"):
            MemoryDraft(text=text)
    assert 8_500 < len(kept) < 9_500
    async with open_stores(state_settings) as stores:
        ledger = SqlMemoryLedger(stores.database)
        for start in range(0, len(kept), _AT_ONCE):
            await _check(ledger, kept[start : start + _AT_ONCE])
        counts = await ledger.counts(tenant="default", branch="main", scopes=None)
    assert counts == {
        "kind": {"semantic": len(kept)},
        "status": {"active": len(kept)},
        "scope": {ADA.key: len(kept)},
    }


async def _check(ledger: SqlMemoryLedger, texts: list[str]) -> None:
    """Store texts as texts and wherever else a text can be, and see that they come back."""
    drafts = tuple(_draft(text) for text in texts)
    stems = [text.split() for text in texts]
    made = await ledger.commit(MemoryCommit(drafts=drafts), stems=stems, vectors=[None] * len(texts), embedder=EMBEDDER)
    found = await ledger.get([memory.id for memory in made.memories], tenant="default", branch="main")
    assert [memory.text for memory in found] == texts
    for memory, draft in zip(found, drafts, strict=True):
        assert {name: getattr(memory, name) for name in draft.model_fields_set} == draft.model_dump(
            include=draft.model_fields_set, mode="python"
        ) | {"scope": ADA}


def _draft(text: str) -> MemoryDraft:
    part = text[:100]
    return MemoryDraft(text=text, scope=ADA, speaker=part, tags=(part,), entities=(part,), metadata={part: [part]})
