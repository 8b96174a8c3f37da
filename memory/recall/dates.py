"""When a question says that something happened, without a model."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

DAY = 24 * 3600 * 1_000_000  # microseconds


class Span(NamedTuple):
    """A time from `start` up to, not with, `end`: microseconds since 1970."""

    start: int
    end: int


def spans_of(text: str, *, now: datetime, first: datetime, last: datetime) -> tuple[Span, ...]:
    """Return the times that a text names; none where it names none."""
    return ()
