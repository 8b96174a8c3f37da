"""Wait for what happens elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


async def until(true: Callable[[], bool], *, seconds: float = 10.0, what: str = "the condition") -> None:
    """Return as soon as a condition holds; it is looked at every 5 ms.

    Raises:
        TimeoutError: it did not hold within `seconds`.
    """
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come true within {seconds} s")
        await asyncio.sleep(0.005)
