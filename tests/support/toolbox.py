"""Tools that the test teams use: plain functions, sync and async."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def add(a: int, b: int) -> int:
    """Add two whole numbers."""
    return a + b


async def lookup_invoice(number: int) -> str:
    """Look an invoice up by its number."""
    return f"Invoice {number}: 12.50 EUR, open"


def break_down(reason: str) -> str:
    """Fail, always."""
    raise RuntimeError(f"the machine broke down: {reason}")


TOOLBOX: Mapping[str, Callable[..., Any]] = {"add": add, "lookup_invoice": lookup_invoice, "break_down": break_down}
