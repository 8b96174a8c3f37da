"""Schedules: events that are emitted at set times, by Temporal Schedules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from temporalio.client import Client

from contracts.events import Schedule
from contracts.state import DEFAULT_TENANT
from events import schedules
from perdure import checked
from perdure.connection import TASK_QUEUE, answering


class Schedules:
    """The schedules of one tenant."""

    def __init__(self, client: Client, *, tenant: str = DEFAULT_TENANT) -> None:
        self._client = client
        self._tenant = tenant
        self._schedules = schedules.Schedules(client, task_queue=TASK_QUEUE)

    async def add(self, schedule: Schedule | Mapping[str, Any]) -> Schedule:
        """Make a schedule, or replace the one of that name.

        Raises:
            BadRequest: a field is wrong.
            BackendUnavailable: Temporal does not answer.
        """
        made = checked.made(Schedule, schedule, what="the schedule")
        async with answering(self._client):
            await self._schedules.put(made, tenant=self._tenant)
        return made

    async def list(self) -> tuple[Schedule, ...]:
        """Return all schedules; one that was made a moment ago may be missing.

        Raises:
            BackendUnavailable: Temporal does not answer.
        """
        async with answering(self._client):
            return tuple([schedule async for schedule in self._schedules.list(tenant=self._tenant)])

    async def remove(self, name: str) -> None:
        """End a schedule.

        Raises:
            NotFound: there is none of that name.
            BackendUnavailable: Temporal does not answer.
        """
        async with answering(self._client):
            await self._schedules.delete(name, tenant=self._tenant)
