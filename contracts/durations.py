"""Lengths of time as people write them: "250ms", "1.5h", "3d", or ISO 8601 ("P3D")."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*(ms|s|m|h|d|w)")
_LONGEST = timedelta(days=3650)


def _as_duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        # Cut before the product is made: timedelta cannot hold the longest that can be written.
        return timedelta(seconds=min(float(match[1]) * _UNITS[match[2]], 2 * _LONGEST.total_seconds()))
    if isinstance(value, str) and value.startswith("P"):
        return value
    raise ValueError(f"{value!r} is no duration: write a number and one of ms, s, m, h, d, w, such as '3d'")


def _bounded(value: timedelta) -> timedelta:
    if not timedelta() <= value <= _LONGEST:
        raise ValueError(f"a duration is between 0s and {_LONGEST.days}d")
    return value


def _seconds(value: timedelta) -> str:
    return f"{value / timedelta(seconds=1):.6f}".rstrip("0").rstrip(".") + "s"


Duration = Annotated[
    timedelta,
    BeforeValidator(_as_duration),
    AfterValidator(_bounded),
    PlainSerializer(_seconds, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^\s*{_DURATION.pattern}\s*$|^P",
            "description": "A number and one of ms, s, m, h, d, w.",
            "examples": ["30s", "5m", "3d"],
        }
    ),
]
