"""`perdure bench`: figures of the product, measured by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from perdure.cli import interrupts
from perdure.cli.output import Output
from perdure.recall_bench import material
from perdure.recall_bench.report import CUTS, Report
from perdure.recall_bench.running import Order, measured
from perdure.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be measured. See `perdure bench recall --help`."""

    data: Path
    conversations: str | None = None
    limit_questions: int | None = None
    without: str | None = None
    typos: int | None = None
    embedder: str | None = None

    @property
    def order(self) -> Order:
        """How it is measured."""
        names = (name.strip() for name in (self.without or "").split(","))
        return Order(without=tuple(filter(None, names)), embedder=self.embedder, typos=self.typos)


def recall(wanted: Wanted, *, as_json: bool) -> int:
    """Measure and print recall."""
    output = Output(as_json=as_json)
    chosen = material.chosen(material.load(wanted.data), wanted.conversations, questions=wanted.limit_questions)

    async def measure(_: interrupts.Interrupts) -> int:
        with output.spinner("measuring"):
            report = await measured(chosen, wanted.order, Settings.load(), say=output.progress)
        _print(report, output)
        output.json(report.json())
        return 0

    return interrupts.run(measure)


def _print(report: Report, output: Output) -> None:
    answers = len(report.answers)
    output.text(f"{report.turns:,} turns, {answers:,} questions, embedder {report.embedder}\n")
    many = report.json()["questions"]
    output.table(
        ["category", "questions", *(f"recall@{cut}" for cut in CUTS), *(f"sessions@{cut}" for cut in CUTS)],
        [
            (name, f"{many[name]:,}", *_shares(at), *_shares(report.sessions[name]))
            for name, at in report.recall.items()
        ],
    )
    times, added = report.milliseconds, report.added_per_second
    output.text(f"\nsearch p50 {times['p50']:.2f} ms, p95 {times['p95']:.2f} ms; {added:,.0f} turns added a second")
    for note in report.degraded:
        output.note(note)


def _shares(recall: Mapping[int, float]) -> list[str]:
    return [f"{recall[cut]:.3f}" for cut in CUTS]
