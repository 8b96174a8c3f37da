"""Dates and times as chat programs write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, tzinfo

DATE = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}"
TIME = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[.,]\d{1,6})?\s?(?:[AaPp]\.?\s?[Mm]\.?)?"
ZONE = r"\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})"
STAMP = rf"(?P<date>{DATE})(?:,?\s+|T)(?P<time>{TIME})(?P<zone>{ZONE})?"

_TIME = re.compile(
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?(?:[.,]\d+)?\s?(?P<half>[AaPp])?", re.ASCII
)
_CENTURY = 2000


def day_first(dates: Iterable[str], *, half_days: bool) -> bool:
    """Whether dates such as 03/05/2026 begin with the day.

    Args:
        dates: all dates of a file: one with a number above 12 decides.
        half_days: whether times are told with AM and PM, as where the month comes first.
    """
    for text in dates:
        first, second, _ = map(int, re.split(r"[-/.]", text))
        if len(text) > 4 and text[:4].isdigit():
            continue
        if first > 12 or second > 12:
            return first > 12
    return not half_days


def read_date(text: str, *, day_first: bool) -> date:
    """Return a date.

    Raises:
        ValueError: there is no such day.
    """
    first, second, third = re.split(r"[-/.]", text)
    if len(first) == 4:
        return date(int(first), int(second), int(third))
    year = int(third) if len(third) == 4 else _CENTURY + int(third)
    day, month = (first, second) if day_first else (second, first)
    return date(year, int(month), int(day))


def read_time(text: str) -> time:
    """Return a time of day; fractions of seconds are left out.

    Raises:
        ValueError: there is no such time.
    """
    found = _TIME.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no time")
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"{text!r} is no time")
        hour = hour % 12 + (12 if found["half"] in "pP" else 0)
    return time(hour, int(found["minute"]), int(found["second"] or 0))


def moment(day: date, at: time, *, zone: str | None, default: tzinfo | None) -> datetime:
    """Return a time with its zone.

    Args:
        day: the day.
        at: the time of day.
        zone: as it is written beside it, such as "Z" or "+02:00".
        default: what holds where none is written; None is this machine's.
    """
    bare = datetime.combine(day, at)
    if zone is None or not zone.strip():
        return bare.replace(tzinfo=default) if default is not None else bare.astimezone()
    if zone.strip() in ("Z", "UTC", "GMT"):
        return bare.replace(tzinfo=UTC)
    return datetime.fromisoformat(f"{bare.isoformat()}{zone.strip()}")
