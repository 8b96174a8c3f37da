"""Run benchmarks: all of them, or those that are named."""

from __future__ import annotations

import argparse
import asyncio
from importlib import import_module

from benchmarks import figures

NAMES = (
    "steps",
    "throughput",
    "long_runs",
    "replay",
    "memory",
    "startup",
    "decisions",
    "state",
    "flows",
    "events",
    "memories",
    "recall",
    "tests",
)


def main() -> None:
    """Measure, print and write. A target that is missed is printed, not an error: it may be the machine's."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}; all by default")
    chosen = parser.parse_args().names or NAMES
    if unknown := set(chosen) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}: choose of {', '.join(NAMES)}")
    for name in chosen:
        _run(name)


def _run(name: str) -> None:
    measured = asyncio.run(import_module(f"benchmarks.{name}").measure())
    figures.show(name, measured)
    figures.write(name, measured)


if __name__ == "__main__":
    main()
