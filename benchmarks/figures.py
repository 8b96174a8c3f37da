"""A measured figure beside what it should be, as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured number; `target` and `met` are None for a number that is printed only."""

    figure: str
    value: float | None
    unit: str
    target: str | None = None
    met: bool | None = None

    @classmethod
    def at_most(cls, figure: str, value: float, unit: str, *, limit: float) -> Self:
        """A number that should be this small."""
        return cls(figure=figure, value=value, unit=unit, target=f"<= {limit:g}", met=value <= limit)

    @classmethod
    def at_least(cls, figure: str, value: float, unit: str, *, limit: float) -> Self:
        """A number that should be this large."""
        return cls(figure=figure, value=value, unit=unit, target=f">= {limit:g}", met=value >= limit)

    @classmethod
    def printed(cls, figure: str, value: float, unit: str) -> Self:
        """A number without a target."""
        return cls(figure=figure, value=value, unit=unit)


def write(name: str, figures: Sequence[Figure]) -> None:
    """Write the figures of one benchmark to `results/NAME.json`."""
    RESULTS.mkdir(exist_ok=True)
    rows = [{**asdict(figure), "value": _rounded(figure.value), "machine": machine()} for figure in figures]
    (RESULTS / f"{name}.json").write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def show(name: str, figures: Sequence[Figure]) -> None:
    """Print the figures of one benchmark."""
    table = Table(title=name, title_justify="left")
    for heading in ("figure", "measured", "unit", "to reach", "met"):
        table.add_column(heading, justify="right" if heading == "measured" else "left")
    for figure in figures:
        table.add_row(figure.figure, _shown(figure.value), figure.unit, figure.target or "", _word(figure.met))
    Console(width=None if os.isatty(1) else 120).print(table)


def machine() -> str:
    """This machine in a few words: cores, memory, processor, Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, {memory:.0f} GiB, {_processor()}, Python {platform.python_version()}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}") if abs(value) < 1000 else round(value)


def _shown(value: float | None) -> str:
    rounded = _rounded(value)
    return "-" if rounded is None else f"{rounded:,g}" if abs(rounded) < 1000 else f"{rounded:,.0f}"


def _word(met: bool | None) -> str:
    return {None: "", True: "yes", False: "[red]no[/red]"}[met]
