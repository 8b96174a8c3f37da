from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from memory.recall.dates import DAY, spans_of
from memory.state.rows import microseconds, moment

# A Friday.
NOW = datetime(2024, 5, 10, 12, tzinfo=UTC)
FIRST, LAST = datetime(2022, 11, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)


def days(text: str, *, now: datetime = NOW) -> list[tuple[date, date]]:
    """Return the first and the last day of each time that a text names."""
    spans = spans_of(text, now=now, first=FIRST, last=LAST)
    return [(moment(span.start).date(), moment(span.end - DAY).date()) for span in spans]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("What happened on 8 May, 2023?", date(2023, 5, 8), date(2023, 5, 8)),
        ("the 8th of May 2023", date(2023, 5, 8), date(2023, 5, 8)),
        ("on May 8th, 2023", date(2023, 5, 8), date(2023, 5, 8)),
        ("on December 1,2023 at noon", date(2023, 12, 1), date(2023, 12, 1)),
        ("on 2023-05-08", date(2023, 5, 8), date(2023, 5, 8)),
        ("during 2023-05", date(2023, 5, 1), date(2023, 5, 31)),
        ("in May 2023", date(2023, 5, 1), date(2023, 5, 31)),
        ("in December 2023", date(2023, 12, 1), date(2023, 12, 31)),
        ("in Sept. 2023", date(2023, 9, 1), date(2023, 9, 30)),
        ("in summer 2023", date(2023, 6, 1), date(2023, 8, 31)),
        ("winter of 2022", date(2022, 12, 1), date(2023, 2, 28)),
        ("in 2023", date(2023, 1, 1), date(2023, 12, 31)),
        ("yesterday", date(2024, 5, 9), date(2024, 5, 9)),
        ("the day before yesterday", date(2024, 5, 8), date(2024, 5, 8)),
        ("today", date(2024, 5, 10), date(2024, 5, 10)),
        ("last Friday", date(2024, 5, 3), date(2024, 5, 3)),
        ("on Monday", date(2024, 5, 6), date(2024, 5, 6)),
        ("next Monday", date(2024, 5, 13), date(2024, 5, 13)),
        ("next Friday", date(2024, 5, 17), date(2024, 5, 17)),
        ("this Sunday", date(2024, 5, 12), date(2024, 5, 12)),
        ("two weeks ago", date(2024, 4, 22), date(2024, 4, 28)),
        ("3 days ago", date(2024, 5, 7), date(2024, 5, 7)),
        ("a couple of months ago", date(2024, 3, 1), date(2024, 3, 31)),
        ("a year ago", date(2023, 1, 1), date(2023, 12, 31)),
        ("last week", date(2024, 4, 29), date(2024, 5, 5)),
        ("last weekend", date(2024, 5, 4), date(2024, 5, 5)),
        ("this month", date(2024, 5, 1), date(2024, 5, 31)),
        ("last month", date(2024, 4, 1), date(2024, 4, 30)),
        ("last summer", date(2023, 6, 1), date(2023, 8, 31)),
        ("the week before 9 June 2023", date(2023, 6, 9), date(2023, 6, 9)),
    ],
)
def test_a_question_names_a_time(text: str, first: date, last: date) -> None:
    assert days(text) == [(first, last)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "May I ask what march means?",
        "on 31 February 2023",
        "room 2050 has 12 chairs",
        "9999 years ago",
        "2023-19-45",
        "last",
        "call 555-2023-0199",
    ],
)
def test_what_is_no_time_is_none_or_does_no_harm(text: str) -> None:
    assert all(first <= last for first, last in days(text))


@pytest.mark.parametrize("text", ["", "May I ask what march means?", "on 31 February 2023", "the last of them"])
def test_what_names_no_time_names_none(text: str) -> None:
    assert days(text) == []


def test_without_a_year_each_one_with_memories_is_meant() -> None:
    assert [first.year for first, _ in days("in July")] == [2022, 2023, 2024]
    assert [first.year for first, _ in days("on 8 May")] == [2022, 2023, 2024]


def test_days_begin_at_midnight_where_now_is() -> None:
    zone = timezone(timedelta(hours=9))
    (span,) = spans_of("yesterday", now=datetime(2024, 5, 10, 3, tzinfo=zone), first=FIRST, last=LAST)
    assert span.start == microseconds(datetime(2024, 5, 9, tzinfo=zone))
    assert span.end - span.start == DAY
