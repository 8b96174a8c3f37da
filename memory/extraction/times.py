"""When something happened: relative times in a statement become dates, counted from when it was said.

"I moved yesterday", said on 2 May 2024, is remembered as "I moved on 1 May 2024": it stays true tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_COUNT = r"(?P<count>\d{1,3}|a|an|one|two|three|four|five|six|seven|eight|nine|ten)"
_UNIT = r"(?P<unit>day|week|month|year)s?"
_DAY = rf"(?P<day>{'|'.join(_DAYS)})"
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"


class Dated(NamedTuple):
    """A text whose times are dates, and the first day that it names, None where it names none."""

    text: str
    day: datetime | None


class _Spoken(NamedTuple):
    words: str
    day: datetime


_Reading = Callable[[re.Match[str], datetime], _Spoken]


def dated(text: str, at: datetime | None) -> Dated:
    """Return a text with dates in place of relative times.

    Args:
        text: what was said.
        at: when it was said; None leaves the text as it is.
    """
    if at is None:
        return Dated(text, None)
    first: datetime | None = None
    for pattern, reading in _RULES:
        while match := pattern.search(text):
            try:
                spoken = reading(match, at)
            except (ValueError, OverflowError):  # there is no such day: the words stay as they are
                break
            first = first or spoken.day
            text = text[: match.start()] + _fitted(text[: match.start()], spoken.words) + text[match.end() :]
    return Dated(text, first or _named(text, at))


def _fitted(before: str, spoken: str) -> str:
    """Drop the preposition of a date where the sentence has one already, and begin a sentence with a capital."""
    if re.search(r"\b(?:by|until|till|since|before|after|from|for|on)\s+$", before, re.I):
        return spoken.removeprefix("on ").removeprefix("in ")
    return spoken if before.strip() else spoken[:1].upper() + spoken[1:]


def _on(day: datetime) -> _Spoken:
    return _Spoken(f"on {day.day} {_MONTHS[day.month - 1].capitalize()} {day.year}", day)


def _shifted(at: datetime, count: int, unit: str) -> _Spoken:
    """So many units later (or earlier), as exactly as the unit is."""
    if unit == "day":
        return _on(at + timedelta(days=count))
    if unit == "week":
        return _on(at + timedelta(weeks=count))
    months = at.year * 12 + at.month - 1 + count * (12 if unit == "year" else 1)
    day = at.replace(year=months // 12, month=months % 12 + 1, day=1)
    return _in_month(day) if unit == "month" else _Spoken(f"in {day.year}", day)


def _in_month(day: datetime) -> _Spoken:
    return _Spoken(f"in {_MONTHS[day.month - 1].capitalize()} {day.year}", day)


def _ago(match: re.Match[str], at: datetime) -> _Spoken:
    return _shifted(at, -_number(match["count"]), match["unit"].lower())


def _ahead(match: re.Match[str], at: datetime) -> _Spoken:
    return _shifted(at, _number(match["count"]), match["unit"].lower())


def _number(word: str) -> int:
    return _NUMBERS.get(word.lower()) or int(word)


def _span(match: re.Match[str], at: datetime) -> _Spoken:
    """Read "last week", "next month", "this year"."""
    step, unit = {"last": -1, "past": -1, "this": 0, "next": 1}[match["which"].lower()], match["unit"].lower()
    if unit in {"week", "weekend"}:
        monday = at - timedelta(days=at.weekday()) + timedelta(weeks=step)
        day = monday + timedelta(days=5 if unit == "weekend" else 0)
        date = _on(day)
        return _Spoken(
            f"on the weekend of {date.words[3:]}" if unit == "weekend" else f"in the week of {date.words[3:]}", day
        )
    return _shifted(at, step, unit)


def _weekday(match: re.Match[str], at: datetime) -> _Spoken:
    """Read "last Friday", "next Monday", "on Tuesday": the nearest that way; the last by the sentence's tense."""
    ahead = (_DAYS.index(match["day"].lower()) - at.weekday()) % 7
    which = (match["which"] or "").lower()
    if which == "last" or (which == "" and _is_told(match.string)):
        ahead -= 7
    elif ahead == 0 and which == "next":
        ahead = 7
    day = at + timedelta(days=ahead)
    return _Spoken(f"on {match['day'].capitalize()} {_on(day).words[3:]}", day)


def _is_told(text: str) -> bool:
    """Whether it tells of what has happened, and not of what was arranged."""
    if re.search(r"\b(?:booked|scheduled|reserved|planned|due|moved|promised|will|going to)\b", text):
        return False
    return (
        re.search(
            r"\b(?:was|were|went|met|had|\w{2,}ed|bought|sold|came|left|saw|got|made|took|ran|lost|won|broke)\b", text
        )
        is not None
    )


def _named(text: str, at: datetime) -> datetime | None:
    """The first date that a text writes out: "14 March 2024", "March 14", "2024-03-14", "in June"."""
    if match := re.search(r"\b(\d{4})-(\d\d)-(\d\d)\b", text):
        return _day(at, int(match[1]), int(match[2]), int(match[3]))
    for pattern in _WRITTEN:
        if match := pattern.search(text):
            part = match.groupdict()
            year = int(part["year"]) if part.get("year") else at.year
            return _day(at, year, _MONTHS.index(match["month"].lower()) + 1, int(part.get("number") or 1))
    return None


def _day(at: datetime, year: int, month: int, day: int) -> datetime | None:
    try:
        return at.replace(year=year, month=month, day=day)
    except ValueError:  # 31 June: no day at all
        return None


def _fixed(days: int) -> _Reading:
    return lambda _, at: _on(at + timedelta(days=days))


def _rule(pattern: str, reading: _Reading) -> tuple[re.Pattern[str], _Reading]:
    return re.compile(pattern, re.I), reading


_RULES = (
    _rule(r"\b(?:on )?the day before yesterday\b", _fixed(-2)),
    _rule(r"\b(?:on )?the day after tomorrow\b", _fixed(2)),
    _rule(r"\blast night\b|\byesterday(?: (?:morning|afternoon|evening|night))?\b", _fixed(-1)),
    _rule(r"\btomorrow(?: (?:morning|afternoon|evening|night))?\b", _fixed(1)),
    _rule(r"\b(?:tonight|today|this (?:morning|afternoon|evening))\b", _fixed(0)),
    _rule(rf"\b{_COUNT} {_UNIT} (?:ago|earlier|back)\b", _ago),
    _rule(rf"\b(?:in|within) {_COUNT} {_UNIT}(?:' time)?\b", _ahead),
    _rule(r"\b(?P<which>last|past|this|next) (?P<unit>weekend|week|month|year)\b", _span),
    _rule(rf"\b(?:on )?(?P<which>last|next|this) {_DAY}\b(?! \d| (?:mornings|afternoons|evenings|nights))", _weekday),
    _rule(rf"\bon (?P<which>)(?:the )?{_DAY}\b(?! \d| (?:mornings|afternoons|evenings|nights))", _weekday),
)
_WRITTEN = (
    re.compile(rf"\b(?P<number>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? (?P<year>\d{{4}}))?\b", re.I),
    re.compile(rf"\b{_MONTH} (?P<number>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<year>\d{{4}}))?\b(?!:)", re.I),
    re.compile(rf"\b(?:in|since|until|by|of) {_MONTH}(?: (?P<year>\d{{4}}))?\b", re.I),
)
