"""`perdure bench recall`: what it finds, and what it says of wrong calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import ROOT, CommandLine

DATA = str(ROOT / "benchmarks" / "data" / "conversations.json")
# A group without dates, a diary with dates, three people with dates, a diary without.
SOME = "1,8,17,23"
# A little under what was measured (0.58 at 10): a ranking that got worse is seen, an other rounding is not.
LEAST_AT_10 = 0.5


async def test_recall_of_some_conversations_stays_where_it_was(command_line: CommandLine) -> None:
    ended = await command_line.run(
        *("bench", "recall", "--data", DATA, "--conversations", SOME, "--limit-questions", "20", "--json")
    )
    assert ended.code == 0, ended.err
    report = ended.json
    assert report["recall"]["all"]["5"] <= report["recall"]["all"]["10"] <= report["recall"]["all"]["20"]
    assert report["recall"]["all"]["10"] >= LEAST_AT_10
    assert (report["questions"]["all"], report["degraded"]) == (80, [])
    assert not command_line.home.exists(), "it has a memory of its own"


async def test_it_prints_a_table_by_category(command_line: CommandLine) -> None:
    ended = await command_line.run(
        *("bench", "recall", "--data", DATA, "--conversations", "17", "--limit-questions", "5"),
        *("--typos", "1", "--without", "speaker,date", "--embedder", "wordllama"),
    )
    assert ended.code == 0, ended.err
    assert "5 questions, embedder wordllama" in ended.out
    assert {line.split()[0] for line in ended.out.splitlines() if line} >= {"category", "4", "all", "search"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--data", "none.json"), "cannot be read"),
        (("--data", DATA, "--without", "luck"), "there is no weight 'luck'"),
        (("--data", DATA, "--conversations", "99"), "the data have 1 to 24"),
        (("--data", DATA, "--embedder", "magic"), "the embedder 'magic' is not known"),
    ],
)
async def test_a_wrong_call_says_what_is_wrong(
    tmp_path: Path, command_line: CommandLine, options: tuple[str, ...], words: str
) -> None:
    ended = await command_line.run("bench", "recall", *options)
    assert ended.code != 0
    assert words in ended.err
