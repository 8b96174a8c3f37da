"""A customer who comes again: the second run of the team `desk` knows what the first one learned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from contracts.runs import RunResult
from perdure import Perdure

FIRST = (
    "I am Nora, and I run a bakery in Ghent. I prefer short answers by mail. Our invoices go to"
    " accounts@bakery.example. How do I export my data?"
)
SECOND = "Where do our invoices go, and which answers do I prefer?"
_LONGEST_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What the customer asked, and what came of it."""

    task: str
    result: RunResult

    @property
    def remembered(self) -> list[str]:
        """What the team was told before."""
        use = self.result.memory
        return [one.line for one in use.before.injected] if use and use.before else []

    @property
    def learned(self) -> list[str]:
        """What was learned after."""
        use = self.result.memory
        return [one.text for one in use.learned.learned] if use and use.learned else []


async def visits(perdure: Perdure, *, batch: str) -> list[Visit]:
    """Let a customer come twice; each time is a run of its own.

    Args:
        perdure: where the runs go.
        batch: part of the customer's id, so that nobody is remembered from an earlier demo.
    """
    found = []
    for task in (FIRST, SECOND):
        run = await perdure.start("desk", task, user=f"nora@{batch}")
        found.append(Visit(task=task, result=await run.result(timeout=_LONGEST_SECONDS)))
    return found


def tell(found: list[Visit], console: Console) -> None:
    """Print what was asked, what was remembered and learned, and the answer."""
    console.print(
        "\n[bold]A customer comes twice[/]; the second run knows what the first one learned.", highlight=False
    )
    for number, visit in enumerate(found, 1):
        console.print(f"  Run {number}, asked: {visit.task}", highlight=False, markup=False)
        for line in _lines(visit):
            console.print(Text(f"     {line}", style="dim"))
        console.print(f"     Answer: {visit.result.answer}", highlight=False, markup=False)


def _lines(visit: Visit) -> Iterator[str]:
    yield from (f"remembered: {line.removeprefix('- ')}" for line in visit.remembered)
    yield from (f"learned:    {text}" for text in visit.learned)
