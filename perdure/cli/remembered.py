"""What memory did for a run, as lines for people and as JSON."""

from __future__ import annotations

from typing import Any

from contracts.remembering import MemoryUse
from contracts.texts import cut
from perdure.cli.output import Output

_LINE_CHARS = 200
_SHOWN = 20
_MARKS = {"added": "+", "merged": "=", "superseded": "~", "review": "?"}


def print_before(use: MemoryUse | None, output: Output) -> None:
    """Print what a run was told of what was remembered before, or why it was told nothing."""
    if use is None or use.before is None:
        return
    before = use.before
    if before.injected:
        output.text(f"Remembered ({_count(len(before.injected), 'memory', 'memories')})", style="bold")
        _print_lines([one.line for one in before.injected], output)
    if before.note:
        output.text(f"memory: {before.note}", style="yellow")


def print_learned(use: MemoryUse | None, output: Output) -> None:
    """Print what was learned from a run, or why there was nothing."""
    if use is None or use.learned is None:
        return
    learned = use.learned
    if learned.learned:
        output.text(f"Learned ({_count(len(learned.learned), 'memory', 'memories')})", style="bold")
        _print_lines([f"{_MARKS[one.how]} {one.text}" for one in learned.learned], output)
    if learned.note:
        output.text(f"memory: {learned.note}", style="yellow")


def memory_object(use: MemoryUse | None) -> dict[str, Any] | None:
    """What memory did for a run, as JSON."""
    return None if use is None else use.model_dump(mode="json")


def _print_lines(lines: list[str], output: Output) -> None:
    for line in lines[:_SHOWN]:
        output.text(f"  {cut(' '.join(line.split()), _LINE_CHARS)}", style="dim")
    if len(lines) > _SHOWN:
        output.text(f"  … and {len(lines) - _SHOWN} more", style="dim")
    output.text()


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
