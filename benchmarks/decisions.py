"""How long a condition takes to be evaluated, without reading documents and without recording."""

from __future__ import annotations

from collections.abc import Callable
from statistics import quantiles
from time import perf_counter
from typing import Any

import cel

from benchmarks.figures import Figure
from contracts.flows import BranchCase
from expressions.checker import check
from expressions.decisions import decide
from expressions.evaluator import evaluate

TIMES = 2000
SIMPLE = "ticket.confidence >= 0.8 && ticket.status in ['open', 'waiting']"
OVER_ITEMS = "ticket.items.exists(i, i.price > 900.0 && has(i.name))"
DOCUMENTS: dict[str, Any] = {
    "ticket": {
        "confidence": 0.91,
        "status": "open",
        "items": [{"name": f"item {number}", "price": number * 1.0, "note": "x" * 200} for number in range(100)],
        "text": "x" * 100_000,
    }
}
CASES = [BranchCase(when="ticket.confidence < 0.5", to="person"), BranchCase(when=SIMPLE, to="answer")]


async def measure() -> list[Figure]:
    """Evaluate usual conditions, and the same by the engine alone."""
    program = cel.compile(SIMPLE)
    bound = {"ticket": {"confidence": 0.91, "status": "open"}}
    simple = _times(lambda: evaluate(SIMPLE, DOCUMENTS))
    over_items = _times(lambda: evaluate(OVER_ITEMS, DOCUMENTS))
    return [
        Figure.at_most("evaluation of a condition, p50", _cut(simple, 50), "ms", limit=0.2),
        Figure.printed("evaluation of a condition, p95", _cut(simple, 95), "ms"),
        Figure.printed("the same by the engine alone, p50", _cut(_times(lambda: program.execute(bound)), 50), "ms"),
        Figure.printed("branch of two cases with its evidence, p50", _cut(_times(_decided), 50), "ms"),
        Figure.printed("condition over 100 items, p50", _cut(over_items, 50), "ms"),
        Figure.printed("check of a condition, p50", _cut(_times(lambda: check(SIMPLE, {"ticket": None})), 50), "ms"),
    ]


def _decided() -> None:
    decide("route", CASES, "person", DOCUMENTS)


def _times(act: Callable[[], object]) -> list[float]:
    act()
    found = []
    for _ in range(TIMES):
        start = perf_counter()
        act()
        found.append((perf_counter() - start) * 1000)
    return found


def _cut(values: list[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1]
