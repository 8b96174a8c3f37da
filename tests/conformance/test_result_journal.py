from __future__ import annotations

import pytest

from contracts.conversation_ports import ResultJournal
from contracts.errors import IdempotencyMismatch


async def test_a_recorded_answer_is_found(journal: ResultJournal) -> None:
    await journal.record("key", request=b"asked", answer='{"text": "yes"}')
    assert await journal.find("key", request=b"asked") == '{"text": "yes"}'


async def test_without_a_record_there_is_no_answer(journal: ResultJournal) -> None:
    assert await journal.find("key", request=b"asked") is None


async def test_recording_again_changes_nothing(journal: ResultJournal) -> None:
    await journal.record("key", request=b"asked", answer="first")
    await journal.record("key", request=b"asked", answer="second")
    assert await journal.find("key", request=b"asked") == "first"


async def test_another_request_under_the_same_key_gets_no_answer(journal: ResultJournal) -> None:
    await journal.record("key", request=b"asked", answer="first")
    with pytest.raises(IdempotencyMismatch, match="'key' belongs to another request"):
        await journal.find("key", request=b"asked otherwise")
