"""Run benchmarks: all of them, or those that are named."""

from __future__ import annotations

import argparse
import asyncio
import sys
from importlib import import_module

from benchmarks import figures

NAMES = ("steps", "throughput", "long_runs", "replay", "memory", "startup", "tests")


def main() -> int:
    """Measure, print and write; return 1 if a figure does not reach its target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}; all by default")
    chosen = parser.parse_args().names or NAMES
    if unknown := set(chosen) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}: choose of {', '.join(NAMES)}")
    met = [_run(name) for name in chosen]
    return 0 if all(met) else 1


def _run(name: str) -> bool:
    measured = asyncio.run(import_module(f"benchmarks.{name}").measure())
    figures.show(name, measured)
    figures.write(name, measured)
    return all(figure.met is not False for figure in measured)


if __name__ == "__main__":
    sys.exit(main())
