"""Events as tests make them, and their way into a run by signal."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from contracts.errors import NotFound
from contracts.events import Event, Wait, Woken
from contracts.state import Emitted
from contracts.steps import EmitEventsRequest
from perdure import Perdure
from perdure.run import Run
from tests.support.running import TASK, Runner, door, new_queue


def event(
    number: int, *, type: str = "invoice.paid", source: str = "/erp", data: Any = None, id: str | None = None
) -> Event:
    """The event with this sequence; its data is {"number": …} by default."""
    return Event(
        id=id or f"e{number}",
        source=source,
        type=type,
        data={"number": number} if data is None else data,
        time=datetime(2026, 1, 1, tzinfo=UTC),
        sequence=number,
    )


@asynccontextmanager
async def opened(running: Runner) -> AsyncIterator[Perdure]:
    """The door with the stores of the worker."""
    perdure = await Perdure.using(running.client, settings=running.settings)
    try:
        yield perdure
    finally:
        await perdure.close()


async def hand_over(running: Runner, run: Run, *events: Event) -> None:
    """Signal events to a run itself, as triggers do."""
    await _signal(running.client, run, events)


async def told_before_its_worker(client: Client, team: str, *events: Event) -> tuple[Run, str]:
    """Start a run on a new task queue, signal events to it, and return it with its queue: now it may begin."""
    queue = new_queue()
    run = await (await door(client, queue)).start(team, TASK)
    await _signal(client, run, events)
    return run, queue


async def _signal(client: Client, run: Run, events: Iterable[Event]) -> None:
    for one in events:
        await client.get_workflow_handle(run.id).signal("event", one)


async def wake(running: Runner, run: Run, event: Event, *, wait: Wait) -> None:
    """Signal an event to a wait of a run, as the relay does."""
    woken = Woken(wait=wait.id, sequence=event.sequence, event=event)
    await running.client.get_workflow_handle(run.id).signal("wake", woken)


async def waits(running: Runner, run: Run) -> list[Wait]:
    """The waits that a run has registered so far."""
    return [
        Wait.model_validate(json.loads(activity.input.payloads[0].data))
        for activity in await running.scheduled(run)
        if activity.activity_type.name == "register_wait"
    ]


async def waiting(running: Runner, run: Run, *, times: int = 1, seconds: float = 30.0) -> Wait:
    """Return a run's latest wait as soon as it has registered so many.

    Raises:
        TimeoutError: it has not within `seconds`.
    """
    end = time.monotonic() + seconds
    while len(found := await waits(running, run)) < times:
        if time.monotonic() > end:
            raise TimeoutError(f"run {run.id!r} registered {len(found)} waits in {seconds} s, not {times}")
        await asyncio.sleep(0.02)
    return found[-1]


async def emitted(running: Runner, run: Run) -> list[Emitted]:
    """The events that a run has emitted so far."""
    return [
        one
        for activity in await running.scheduled(run)
        if activity.activity_type.name == "emit_events"
        for one in EmitEventsRequest.model_validate(json.loads(activity.input.payloads[0].data)).events
    ]


async def until_emitted(running: Runner, run: Run, count: int, *, seconds: float = 30.0) -> None:
    """Return as soon as a run has emitted so many events.

    Raises:
        TimeoutError: it has not within `seconds`.
    """
    end = time.monotonic() + seconds
    while len(found := await emitted(running, run)) < count:
        if time.monotonic() > end:
            raise TimeoutError(f"run {run.id!r} emitted {len(found)} events in {seconds} s, not {count}")
        await asyncio.sleep(0.02)


async def until_signalled(running: Runner, run: Run, count: int, *, seconds: float = 30.0) -> None:
    """Return as soon as a run was signalled so often.

    Raises:
        TimeoutError: it was not within `seconds`.
    """
    kind = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    end = time.monotonic() + seconds
    while sum(one.event_type == kind for one in (await running.history(run)).events) < count:
        if time.monotonic() > end:
            raise TimeoutError(f"run {run.id!r} was not signalled {count} times in {seconds} s")
        await asyncio.sleep(0.02)


async def until_started(perdure: Perdure, run_id: str, *, seconds: float = 30.0) -> Run:
    """Return a run as soon as it is there.

    Raises:
        NotFound: it is not there within `seconds`.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(NotFound):
            return await perdure.get(run_id)
        await asyncio.sleep(0.02)
    return await perdure.get(run_id)
