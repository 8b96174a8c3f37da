from __future__ import annotations

import pytest

from contracts.conversation_ports import CheckpointStore
from contracts.errors import NotFound


async def test_a_kept_text_is_returned(checkpoints: CheckpointStore) -> None:
    text = "é\n" * 500_000
    await checkpoints.save("run", "checkpoint:1", text)
    assert await checkpoints.load("run", "checkpoint:1") == text


async def test_keeping_again_replaces(checkpoints: CheckpointStore) -> None:
    await checkpoints.save("run", "checkpoint:1", "old")
    await checkpoints.save("run", "checkpoint:1", "new")
    assert await checkpoints.load("run", "checkpoint:1") == "new"


async def test_what_was_not_kept_is_not_found(checkpoints: CheckpointStore) -> None:
    await checkpoints.save("other", "checkpoint:1", "text")
    with pytest.raises(NotFound, match="no checkpoint 'checkpoint:1' of run 'run'"):
        await checkpoints.load("run", "checkpoint:1")
