"""How long the tests took when they last ran as a whole. They are not run here."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.figures import Figure

# Written by pytest's cache when a plugin calls `config.cache.set("perdure/seconds", …)` at the end of `make test`.
RECORD = Path(__file__).parents[1] / ".pytest_cache" / "v" / "perdure" / "seconds"
_FIGURE = "make test, as last recorded"


async def measure() -> list[Figure]:
    """Read the last recorded duration."""
    if not RECORD.exists():
        return [Figure(figure=f"{_FIGURE} (no record: run make test)", value=None, unit="min", target="<= 10")]
    return [Figure.at_most(_FIGURE, json.loads(RECORD.read_text(encoding="utf-8")) / 60, "min", limit=10)]
