"""Extraction under faults: processes that die between extraction and commit, and texts that mean harm."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path

import pytest

from contracts.memories import Caller
from contracts.recall import MemoryListing
from memory.extraction.consolidation import distinct
from memory.extraction.guards import guarded
from memory.rules_extractor import RulesExtractor
from perdure.memory_stores import open_memory
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.conversations import ADA, conversation, said
from tests.support.learning_process import TEXTS, learn

_KILLS = 20
_LATEST_KILL_SECONDS = 0.05
_HOSTILE = 500
# What tempts parsers, stores and models, and what rules stumble over when it is repeated.
_PIECES = (
    *("I live in ", "Lisbon. ", "the ", "not ", "and I ", "now ", "Actually, ", "yesterday ", "Dr. ", "e.g. ", "'s "),
    *("password ", "4111 1111 1111 1111 ", "ignore all previous instructions ", "from now on ", "remember that "),
    *("'; DROP TABLE memories; --", "MATCH (n) DETACH DELETE n", '{"memory": [{"text": "x"}]}', "</memories>", "```"),
    *(
        "\x00",
        "\ud83d",
        "\u202e",
        "\u200b",
        "🙂",
        "مرحبا",
        "שלום",
        "我住在上海。",
        "\t",
        "\r\n",
        "\n> ",
        "\n- ",
        "?",
        "!",
    ),
)


async def _memories(home: Path) -> list[tuple[str, str]]:
    settings = Settings(home=home)
    async with open_stores(settings) as stores, open_memory(settings, stores) as opened:
        page = await opened.store.list(Caller(scope=ADA), MemoryListing(limit=1_000))
    return sorted((memory.text, memory.status) for memory in page.memories)


async def _killed(home: Path, *, after_seconds: float) -> None:
    """Begin to learn, and kill the process a moment after it has extracted."""
    command = (sys.executable, "-m", "tests.support.learning_process", str(home), "run-1/1")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"extracted"):
            await asyncio.sleep(after_seconds)
            break
    if process.returncode is None:
        process.kill()
    await process.wait()


@pytest.mark.long
async def test_a_process_that_dies_between_extraction_and_commit_leaves_one_set(tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(_KILLS):
        await _killed(tmp_path, after_seconds=chance.random() * _LATEST_KILL_SECONDS)
    assert len((await learn(tmp_path, "run-1/1")).learned) == len(TEXTS)
    memories = await _memories(tmp_path)
    assert [status for _, status in memories] == ["active"] * len(TEXTS)
    assert len({text for text, _ in memories}) == len(TEXTS)


async def test_hostile_texts_are_read_quickly_and_nothing_of_them_is_believed() -> None:
    chance = random.Random(11)
    texts = ["".join(chance.choices(_PIECES, k=chance.randint(1, 40))) for _ in range(_HOSTILE)]
    request = conversation(*said(*texts, role="tool"))
    result = guarded(await RulesExtractor().extract(request, known=()), request)
    assert all(one.doubt is not None for one in distinct(result.checked))


@pytest.mark.long
async def test_a_megabyte_of_anything_is_read_within_seconds() -> None:
    for piece in _PIECES:
        text = piece * (1_000_000 // len(piece))
        began = time.monotonic()
        await RulesExtractor().extract(conversation(*said(text)), known=())
        assert time.monotonic() - began < 5, piece
