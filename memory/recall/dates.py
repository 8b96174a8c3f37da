"""When a question says that something happened, found by rules.

A day, a month, a season or a year, named ("on 8 May, 2023", "in May", "summer 2022", "2023-05-08") or counted from now
("yesterday", "last Friday", "two weeks ago", "last month"). A day or month without a year is that of each year in which
there are memories.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from memory.state.rows import microseconds

DAY = 24 * 3600 * 1_000_000  # microseconds

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_NUMBERS = {
    name: number
    for number, names in enumerate(
        ("", "a an one", "two couple", "three few", "four", "five", "six", "seven", "eight", "nine", "ten"), start=0
    )
    for name in names.split()
} | {"eleven": 11, "twelve": 12}

_MONTH_NAMES = "january february march april may june july august september october november december"
_RELATIVE = "yesterday today tonight tomorrow night day days week weeks weekend month months year years last past next"
_MONTHS = tuple(name[:3] for name in _MONTH_NAMES.split())
# Words that dates are made of: they are right however seldom memories hold them.
WORDS = frozenset({*_MONTH_NAMES.split(), *_RELATIVE.split(), *_DAYS, *_SEASONS, *_NUMBERS})

_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?\b"
_YEAR = r"(?P<year>(?:19|20)\d\d)\b"
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(_NUMBERS)})"
_UNIT = r"(?P<unit>day|night|week|weekend|month|year)"
# Names of months that are words, too, need a word before or a year behind.
_LEAD = r"\b(?:in|of|during|since|until|till|before|after|last|this|early|late|mid|by|for|around)[ -]"


class Span(NamedTuple):
    """A time from `start` up to, not with, `end`: microseconds since 1970."""

    start: int
    end: int


class Period(NamedTuple):
    """Days from `first` to `last`, both counted in."""

    first: date
    last: date


@dataclass(frozen=True)
class _Frame:
    """What dates without a year, and relative ones, are counted from."""

    today: date
    years: range

    def years_of(self, found: re.Match[str]) -> range:
        year = found.groupdict().get("year")
        return range(int(year), int(year) + 1) if year else self.years


_Rule = tuple[re.Pattern[str], Callable[[re.Match[str], _Frame], Iterator[Period]]]


def spans_of(text: str, *, now: datetime, first: datetime, last: datetime) -> tuple[Span, ...]:
    """Return the times that a text names; none where it names none.

    Args:
        text: the question.
        now: what "yesterday" is counted from; days begin at midnight in its time zone.
        first: when the earliest memory happened.
        last: when the latest one did.
    """
    frame = _Frame(now.date(), range(first.year, last.year + 1))
    rest, periods = _read(text.lower(), _NAMED, frame)
    if not periods:
        # "The week before 23 January" is not counted from now.
        _, periods = _read(rest, _COUNTED, frame)
    return tuple(_span(period, now) for period in dict.fromkeys(periods))


def _read(text: str, rules: Sequence[_Rule], frame: _Frame) -> tuple[str, list[Period]]:
    periods: list[Period] = []
    for pattern, read in rules:
        for found in pattern.finditer(text):
            periods += list(read(found, frame))
        # What one rule has read, those behind it do not see.
        text = pattern.sub("|", text)
    return text, periods


def _span(period: Period, now: datetime) -> Span:
    start = datetime.combine(period.first, time(), now.tzinfo)
    end = datetime.combine(period.last, time(), now.tzinfo) + timedelta(days=1)
    return Span(microseconds(start), microseconds(end))


def _iso(found: re.Match[str], _frame: _Frame) -> Iterator[Period]:
    month = int(found["number"])
    if found["day"]:
        yield from _one_day(int(found["year"]), month, int(found["day"]))
    elif 1 <= month <= 12:
        yield _month(int(found["year"]), month)


def _day_of_month(found: re.Match[str], frame: _Frame) -> Iterator[Period]:
    for year in frame.years_of(found):
        yield from _one_day(year, _MONTHS.index(found["month"][:3]) + 1, int(found["day"]))


def _whole_month(found: re.Match[str], frame: _Frame) -> Iterator[Period]:
    for year in frame.years_of(found):
        yield _month(year, _MONTHS.index(found["month"][:3]) + 1)


def _season(found: re.Match[str], frame: _Frame) -> Iterator[Period]:
    month = _SEASONS[found["season"]]
    for year in frame.years_of(found):
        yield _quarter(year, month)


def _last_season(found: re.Match[str], frame: _Frame) -> Iterator[Period]:
    month = _SEASONS[found["season"]]
    over = [_quarter(frame.today.year - back, month) for back in (0, 1, 2)]
    yield next(period for period in over if period.last < frame.today or found["which"] == "this")


def _quarter(year: int, month: int) -> Period:
    return Period(date(year, month, 1), _month(year + (month == 12), (month + 1) % 12 + 1).last)


def _year(found: re.Match[str], _frame: _Frame) -> Iterator[Period]:
    yield Period(date(int(found["year"]), 1, 1), date(int(found["year"]), 12, 31))


def _ago(found: re.Match[str], frame: _Frame) -> Iterator[Period]:
    count = int(found["count"]) if found["count"].isdigit() else _NUMBERS[found["count"]]
    yield from _back(found["unit"], count, frame.today)


def _last(found: re.Match[str], frame: _Frame) -> Iterator[Period]:
    yield from _back(found["unit"], {"this": 0, "next": -1}.get(found["which"], 1), frame.today)


def _back(unit: str, count: int, today: date) -> Iterator[Period]:
    """Yield the day, week, weekend, month or year that is so many before the one of today."""
    try:
        if unit in {"day", "night"}:
            yield Period(today - timedelta(days=count), today - timedelta(days=count))
        elif unit in {"week", "weekend"}:
            monday = today - timedelta(days=today.weekday() + 7 * count)
            yield Period(monday + timedelta(days=5 * (unit == "weekend")), monday + timedelta(days=6))
        elif unit == "month":
            months = 12 * today.year + today.month - 1 - count
            yield _month(months // 12, months % 12 + 1)
        else:
            yield Period(date(today.year - count, 1, 1), date(today.year - count, 12, 31))
    except (OverflowError, ValueError):
        return  # Before the year 1.


def _weekday(found: re.Match[str], frame: _Frame) -> Iterator[Period]:
    weekday, today = _DAYS.index(found["weekday"]), frame.today.weekday()
    ahead = {"next": (weekday - today) % 7 or 7, "this": weekday - today}.get(found["which"])
    day = frame.today + timedelta(days=-((today - weekday) % 7 or 7) if ahead is None else ahead)
    yield Period(day, day)


def _named_day(found: re.Match[str], frame: _Frame) -> Iterator[Period]:
    back = {"the": 2, "yesterday": 1, "last": 1, "tomorrow": -1}.get(found["named"].split()[0], 0)
    yield Period(frame.today - timedelta(days=back), frame.today - timedelta(days=back))


def _one_day(year: int, month: int, day: int) -> Iterator[Period]:
    try:
        yield Period(date(year, month, day), date(year, month, day))
    except ValueError:
        return  # There is no such day.


def _month(year: int, month: int) -> Period:
    after = date(year + month // 12, month % 12 + 1, 1)
    return Period(date(year, month, 1), after - timedelta(days=1))


_NAMED: tuple[_Rule, ...] = (
    (re.compile(r"\b(?P<year>(?:19|20)\d\d)-(?P<number>[01]\d)(?:-(?P<day>[0-3]\d))?\b"), _iso),
    (re.compile(rf"\b{_DAY} (?:of )?{_MONTH}(?:,? ?(?:of )?{_YEAR})?"), _day_of_month),
    (re.compile(rf"\b{_MONTH} (?:the )?{_DAY}(?:,? ?(?:of )?{_YEAR})?"), _day_of_month),
    (re.compile(rf"\b{_MONTH},? (?:of )?{_YEAR}"), _whole_month),
    (re.compile(rf"{_LEAD}{_MONTH}"), _whole_month),
    (re.compile(rf"\b(?P<season>spring|summer|autumn|fall|winter),? (?:of )?{_YEAR}"), _season),
    (re.compile(rf"\b{_YEAR}"), _year),
)
_COUNTED: tuple[_Rule, ...] = (
    (re.compile(r"\b(?P<named>the day before yesterday|yesterday|today|tonight|tomorrow|last night)\b"), _named_day),
    (re.compile(rf"\b{_COUNT} (?:of )?{_UNIT}s? (?:ago|earlier|back)\b"), _ago),
    (re.compile(rf"\b(?P<which>last|past|previous|this|next) {_UNIT}\b"), _last),
    (re.compile(r"\b(?P<which>last|past|previous|this) (?P<season>spring|summer|autumn|fall|winter)\b"), _last_season),
    (re.compile(rf"\b(?P<which>last|past|this|next|on) (?P<weekday>{'|'.join(_DAYS)})\b"), _weekday),
)
