"""How well memory finds what was said: our own conversations, and LoCoMo's where PERDURE_LOCOMO names its file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.conversations import CONVERSATIONS
from benchmarks.figures import Figure
from perdure.recall_bench import material
from perdure.recall_bench.material import Conversation
from perdure.recall_bench.report import ALL, Report
from perdure.recall_bench.running import Order, measured
from perdure.settings import Settings

LOCOMO = "PERDURE_LOCOMO"
_MULTI_HOP = "1 multi-hop"
_TYPO_SEEDS = (1, 2, 3)
_LAST = "6-10"
_WITHOUT = Order(without=("speaker", "date"))
_MINILM = Order(embedder="minilm")


async def measure() -> list[Figure]:
    """Measure both sets of data, with the default embedder and with MiniLM."""
    ours = await _ours(material.load(CONVERSATIONS))
    if file := os.environ.get(LOCOMO):
        return [*ours, *await _locomo(material.load(Path(file)))]
    print(f"LoCoMo is not measured: {LOCOMO} does not name its file (locomo10.json)")
    return ours


async def _ours(data: Sequence[Conversation]) -> list[Figure]:
    name = f"our {len(data)} conversations"
    plain = await _report(data, Order())
    return [
        *_table(name, plain),
        *_alone(f"{name}, speaker boost off", await _report(data, Order(without=("speaker",)))),
        *_alone(f"{name}, date boost off", await _report(data, Order(without=("date",)))),
        *await _typos(name, data, plain),
        *_alone(f"{name}, MiniLM", await _report(data, _MINILM)),
        *_times(name, plain),
    ]


async def _locomo(data: Sequence[Conversation]) -> list[Figure]:
    plain = await _report(data, Order())
    last = await _report(material.chosen(data, _LAST, questions=None), Order())
    without = await _report(data, _WITHOUT)
    minilm = await _report(data, _MINILM)
    return [
        Figure.at_least("LoCoMo, all: recall@10", _at10(plain), "", limit=0.80),
        Figure.at_least("LoCoMo, last five: recall@10", _at10(last), "", limit=0.78),
        Figure.at_least("LoCoMo, all, speaker and date boosts off: recall@10", _at10(without), "", limit=0.74),
        Figure.at_least("LoCoMo, all, multi-hop: recall@10", plain.recall[_MULTI_HOP][10], "", limit=0.52),
        Figure.at_least("LoCoMo, all, MiniLM: recall@10", _at10(minilm), "", limit=0.81),
        *_table("LoCoMo, all", plain),
        *_alone("LoCoMo, last five, speaker and date boosts off", await _report(data[5:], _WITHOUT)),
        *await _typos("LoCoMo, all", data, plain),
        *_times("LoCoMo, all", plain),
    ]


async def _report(data: Sequence[Conversation], order: Order) -> Report:
    report = await measured(data, order, Settings(), say=lambda _: None)
    assert not report.degraded, report.degraded
    return report


async def _typos(name: str, data: Sequence[Conversation], plain: Report) -> list[Figure]:
    fallen = [_at10(plain) - _at10(await _report(data, Order(typos=seed))) for seed in _TYPO_SEEDS]
    return [
        Figure.at_most(f"{name}: recall@10 lost by typos (seed {seed})", 100 * loss, "points", limit=3)
        for seed, loss in zip(_TYPO_SEEDS, fallen, strict=True)
    ]


def _table(name: str, report: Report) -> Iterable[Figure]:
    for category, recall in report.recall.items():
        for cut, value in recall.items():
            yield Figure.printed(f"{name}, {category}: recall@{cut}", value, "")


def _alone(name: str, report: Report) -> Iterable[Figure]:
    yield Figure.printed(f"{name}: recall@10", _at10(report), "")


def _times(name: str, report: Report) -> Iterable[Figure]:
    yield Figure.printed(f"{name}: search, p50", report.milliseconds["p50"], "ms")
    yield Figure.printed(f"{name}: search, p95", report.milliseconds["p95"], "ms")


def _at10(report: Report) -> float:
    return report.recall[ALL][10]
