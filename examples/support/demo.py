"""Runs the flow `support` on the tickets in examples/tickets.jsonl, and says which way each went and why.

    python -m examples.support.demo

It uses the stack that runs, or starts Temporal and a worker for as long as it needs them.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from contracts.decisions import Decision
from contracts.errors import PerdureError
from contracts.flows import FlowResult
from examples.support import returning
from examples.support.app import RULES, SUPPORT
from examples.support.people import People
from examples.support.tickets import LEAD, Ticket, tickets
from flows.graph import edges
from perdure import Perdure, Settings, stack

APP = "examples.support.app"
_LONGEST_SECONDS = 120
_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a ticket, and why."""

    ticket: Ticket
    result: FlowResult
    decisions: tuple[Decision, ...]


async def answer(perdure: Perdure, wanted: Sequence[Ticket], *, batch: str) -> list[Outcome]:
    """Let a flow take care of each ticket, play the people around them, and return what became of each.

    Args:
        perdure: where the flows run.
        wanted: the tickets.
        batch: the first part of their keys, so that each demo has tickets of its own.
    """
    state = perdure.state.by("demo")
    await state.set_rules("tickets", RULES, why="states of tickets")
    people = People(perdure=perdure, batch=batch)
    playing = asyncio.create_task(people.react(since=await state.sequence()))
    at_once = asyncio.Semaphore(_AT_ONCE)
    answering = asyncio.gather(
        *(_answered(ticket, perdure=perdure, people=people, at_once=at_once) for ticket in wanted)
    )
    both: list[asyncio.Future[Any]] = [playing, answering]
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            playing.result()
        return answering.result()
    finally:
        playing.cancel()
        answering.cancel()
        await asyncio.gather(playing, answering, return_exceptions=True)


async def _answered(ticket: Ticket, *, perdure: Perdure, people: People, at_once: asyncio.Semaphore) -> Outcome:
    key = people.key(ticket.id)
    async with at_once:
        value = {"status": "new", **ticket.model_dump()}
        await perdure.state.by("demo").put(f"tickets/{key}", value, why="a mail came in")
        run = await perdure.start_flow(SUPPORT, input={"ticket": key}, run_id=people.run_id(ticket.id))
        result = await run.result(timeout=_LONGEST_SECONDS)
    return Outcome(ticket=ticket, result=result, decisions=await run.decisions())


def tell(outcomes: Sequence[Outcome], console: Console) -> None:
    """Print which way each ticket went and why, and how often each way was taken."""
    for outcome in outcomes:
        output = outcome.result.output
        by = f"answered by {output['answered_by']}" if outcome.decisions[-1].step == "satisfied" else "dismissed"
        again = f", reopened {output['reopened']} times" if output["reopened"] else ""
        console.print(f"[bold]{outcome.ticket.id}[/] {outcome.ticket.subject}: [bold]{by}[/]{again}", highlight=False)
        for decision in outcome.decisions:
            line = f"     {decision.step} -> {decision.taken}: {decision.reason}"
            console.print(line, style="dim", highlight=False, markup=False)
    console.print("\nEvery way out of every branch, and how many went there:", highlight=False)
    counted = ways(outcomes)
    for (step, target), count in counted.items():
        console.print(f"     {step} -> {target}: {count}", highlight=False)
    if not all(counted.values()):
        console.print(f"Some were not taken. Does the worker that runs know PERDURE_APP={APP}?", style="yellow")


def ways(outcomes: Sequence[Outcome]) -> dict[tuple[str, str], int]:
    """How often each way out of each branch was taken, those that nobody took included."""
    taken = Counter((decision.step, decision.taken) for outcome in outcomes for decision in outcome.decisions)
    found = [(edge.source, edge.target) for edge in edges(SUPPORT) if edge.kind in ("case", "else")]
    return {way: taken[way] for way in found}


async def main(console: Console) -> None:
    """Run the demo on the stack that runs, or on one of its own."""
    settings = Settings.load()
    settings = settings.model_copy(update={"app": tuple(dict.fromkeys([*settings.app, APP]))})
    wanted = tickets()
    began = time.monotonic()
    async with stack.attach(settings, say=lambda line: console.print(line, style="dim")) as place:
        perdure = await Perdure.using(place.client, settings=place.settings)
        console.print(f"{len(wanted)} tickets. Customers and {LEAD}, are scripted, as is the model without a key.\n")
        batch = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
        try:
            tell(await answer(perdure, wanted, batch=batch), console)
            returning.tell(await returning.visits(perdure, batch=batch), console)
        finally:
            await perdure.close()
    console.print(f"\nDone in {time.monotonic() - began:.0f} s.", highlight=False)


if __name__ == "__main__":
    try:
        asyncio.run(main(Console(soft_wrap=True)))
    except PerdureError as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False)
        sys.exit(error.exit_code)
