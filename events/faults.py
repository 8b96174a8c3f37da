"""What is wrong with a value, in one line."""

from __future__ import annotations

from pydantic import ValidationError


def told(error: ValidationError) -> str:
    """Return the place and the reason of each fault."""
    return "; ".join(_fault(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors())


def _fault(place: str, reason: str) -> str:
    reason = reason.removeprefix("Value error, ")
    return f"{place}: {reason}" if place else reason
