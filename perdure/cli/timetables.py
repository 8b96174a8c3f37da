"""`perdure schedules`: events at set times."""

from __future__ import annotations

from typing import Any

from contracts.events import Schedule
from perdure.cli.looking import with_perdure
from perdure.cli.output import Output
from perdure.client import Perdure
from perdure.place import Place


def list_schedules(*, as_json: bool) -> int:
    """List schedules."""
    output = Output(as_json=as_json)

    async def work(perdure: Perdure, _: Place) -> int:
        found = await perdure.schedules.list()
        rows = [(one.name, _times(one), one.event.type, "paused" if one.paused else "") for one in found]
        output.table(["schedule", "when", "event", ""], rows)
        output.json([schedule.model_dump(mode="json") for schedule in found])
        return 0

    return with_perdure(work, output)


def add(schedule: dict[str, Any], *, as_json: bool) -> int:
    """Make a schedule, or replace it."""
    output = Output(as_json=as_json)

    async def work(perdure: Perdure, _: Place) -> int:
        made = await perdure.schedules.add(schedule)
        output.text(f"schedule {made.name}: {made.event.type} {_times(made)}")
        output.json(made.model_dump(mode="json"))
        return 0

    return with_perdure(work, output)


def remove(name: str, *, as_json: bool) -> int:
    """End a schedule."""
    output = Output(as_json=as_json)

    async def work(perdure: Perdure, _: Place) -> int:
        await perdure.schedules.remove(name)
        output.text(f"schedule {name} is removed")
        output.json({"name": name, "removed": True})
        return 0

    return with_perdure(work, output)


def _times(schedule: Schedule) -> str:
    if schedule.cron is not None:
        return f"{schedule.cron} ({schedule.timezone})"
    return f"every {schedule.every_seconds:g} s"
