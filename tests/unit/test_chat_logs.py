"""Chat logs are read in the forms that people have, and what is no message is told with its number."""

from __future__ import annotations

import time
from datetime import UTC, date

import pytest

from perdure.transfer import chat_logs
from perdure.transfer.messages import Conversation, Message

DAY = date(2026, 5, 3)


def read(text: str) -> Conversation:
    found = chat_logs.read(text, day=DAY, zone=UTC)
    assert found is not None
    return found


def said(text: str) -> list[tuple[str | None, str, str]]:
    """Speaker, time in UTC ("" without one) and text of each message."""
    return [(message.speaker, _time(message), message.text) for message in read(text).messages]


def _time(message: Message) -> str:
    return message.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if message.at else ""


@pytest.mark.parametrize(
    ("form", "log"),
    [
        ("[TIME] NAME: TEXT", "[2026-05-03 14:02] Ada: hello\n[2026-05-03 14:05:11] Bob: hi: you\n"),
        ("[TIME] NAME: TEXT", "[03.05.2026, 14:02] Ada: hello\n[03.05.2026, 14:05] Bob: hi: you\n"),
        ("[TIME] NAME: TEXT", "\u200e[5/3/26, 2:02:33\u202fPM] Ada: hello\n[5/3/26, 2:05:33\u202fPM] Bob: hi: you\n"),
        ("TIME - NAME: TEXT", "03/05/2026, 14:02 - Ada: hello\n03/05/2026, 14:05 \u2013 Bob: hi: you\n"),
        ("TIME - NAME: TEXT", "5/3/26, 2:02 PM - Ada: hello\n5/3/26, 2:05 PM - Bob: hi: you\n"),
        ("TIME NAME: TEXT", "2026-05-03T14:02:11Z <Ada>: hello\n2026-05-03T16:05:12+02:00 <Bob>: hi: you\n"),
        ("NAME (TIME): TEXT", "Ada (14:02): hello\nBob (14:05): hi: you\n"),
        ("NAME (TIME): TEXT", "Ada (2026-05-03 14:02): hello\nBob (2026-05-03 14:05): hi: you\n"),
        ("[CLOCK] NAME: TEXT", "[14:02] Ada: hello\n[14:05] <Bob>: hi: you\n"),
        ("NAME  TIME, the text below", "Ada  2:02 PM\nhello\n\nBob [2:05 PM]\nhi: you\n"),
    ],
)
def test_a_form_is_seen_and_its_times_are_read(form: str, log: str) -> None:
    assert read(log).form == form
    assert said(log) == [("Ada", "2026-05-03 14:02", "hello"), ("Bob", "2026-05-03 14:05", "hi: you")]
    assert read(log).faults == ()


@pytest.mark.parametrize(
    ("form", "log"),
    [
        ("ROLE: TEXT", "user: hello\nassistant: hi: you\n"),
        ("ROLE: TEXT", "**User:** hello\n\n**Assistant:** hi: you\n"),
        ("ROLE: TEXT", "### Human: hello\nmore: of it\n### AI: hi: you\n"),
        ("NAME: TEXT", "Ada: hello\nZoë O\u2019Neill: hi: you\n"),
    ],
)
def test_transcripts_without_times_are_read(form: str, log: str) -> None:
    found = read(log)
    assert (found.form, found.faults) == (form, ())
    assert [message.text.splitlines()[0] for message in found.messages] == ["hello", "hi: you"]
    assert {message.at for message in found.messages} == {None}


def test_a_message_goes_on_over_several_lines() -> None:
    log = "[2026-05-03 14:02] Ada: first\nsecond\n\n  third: line\n[2026-05-03 14:03] Bob: hi\n"
    assert [text for _, _, text in said(log)] == ["first\nsecond\n\n  third: line", "hi"]


def test_what_is_no_message_is_told_with_its_number() -> None:
    log = (
        "Chat export\n"
        "03/05/2026, 14:02 - Messages are encrypted.\n"
        "03/05/2026, 14:02 - Ada: hello\n"
        "33/05/2026, 14:02 - Ada: no such day\n"
        "03/05/2026, 25:02 - Ada: no such hour\n"
        "03/05/2026, 14:04 - Ada:   \n"
    )
    found = read(log)
    assert [message.text for message in found.messages] == ["hello"]
    assert [(fault.line, fault.why.split(":")[0].split(" (")[0]) for fault in found.faults] == [
        (1, "stands before the first message"),
        (2, "begins like a message and is none"),
        (4, "has no time that can be read"),
        (5, "has no time that can be read"),
        (6, "has no text"),
    ]


@pytest.mark.parametrize(
    ("stamp", "day"),
    [("13/05/2026, 14:02", "2026-05-13"), ("05/13/2026, 14:02", "2026-05-13"), ("5/6/26, 2:02 PM", "2026-05-06")],
)
def test_days_and_months_are_told_apart(stamp: str, day: str) -> None:
    ((_, at, _),) = said(f"{stamp} - Ada: hello\n")
    assert at.startswith(day)


def test_one_date_tells_how_all_are_meant() -> None:
    assert [at[:10] for _, at, _ in said("01/02/2026, 9:00 - A: x\n28/02/2026, 9:00 - A: y\n")] == [
        "2026-02-01",
        "2026-02-28",
    ]


def test_midnight_passes_where_only_the_time_of_day_is_told() -> None:
    log = "Ada (23:58): late\nBob (00:02): very\nAda (00:01): crossed\n"
    assert [at for _, at, _ in said(log)] == ["2026-05-03 23:58", "2026-05-04 00:02", "2026-05-04 00:01"]


def test_lines_with_a_day_begin_a_new_one() -> None:
    log = "[14:02] Ada: a\n--- 2026-05-07 ---\n[09:00] Ada: b\n--- 2026-05-40 ---\n[10:00] Ada: c\n"
    assert [at for _, at, _ in said(log)] == ["2026-05-03 14:02", "2026-05-07 09:00", "2026-05-07 10:00"]
    assert [fault.line for fault in read(log).faults] == [4]


def test_without_a_day_there_is_no_time() -> None:
    found = chat_logs.read("Ada (14:02): hello\n", zone=UTC)
    assert found is not None
    assert found.messages[0].at is None


@pytest.mark.parametrize("text", ["", "\n\n", "Just a letter.\nIt says: a thing.\nAnd more.\n", "x" * 1_000])
def test_prose_is_no_log(text: str) -> None:
    assert chat_logs.read(text) is None


@pytest.mark.parametrize(
    "line", ["a" * 100_000, " " * 100_000, "[" * 100_000, "a " * 50_000, "1." * 50_000, "(1" * 50_000]
)
def test_no_line_takes_long(line: str) -> None:
    began = time.monotonic()
    chat_logs.read(f"{line}\n[2026-05-03 14:02] Ada: hello\na{line}\n")
    assert time.monotonic() - began < 1
