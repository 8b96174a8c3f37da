"""Schedules: events that are emitted at set times, by Temporal Schedules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from temporalio.client import (
    Client,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleDescription,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.client import Schedule as TemporalSchedule
from temporalio.service import RPCError, RPCStatusCode

from contracts.errors import BadRequest, NotFound
from contracts.events import Schedule, ScheduledEmission
from contracts.state import DEFAULT_TENANT

_RPC_TIMEOUT = timedelta(seconds=10)
# After the server was away, the times of this span are made up for.
_CATCH_UP = timedelta(days=1)


class Schedules:
    """Schedules of one Temporal namespace. `RPCError` is raised where Temporal does not answer.

    Args:
        client: connection to Temporal; its owner is the caller.
        task_queue: where workers ask for work.
    """

    def __init__(self, client: Client, *, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    async def put(self, schedule: Schedule, *, tenant: str = DEFAULT_TENANT) -> None:
        """Make a schedule, or replace the one of that name.

        Raises:
            BadRequest: it has not exactly one of `cron` and `every_seconds`, or one that cannot be used.
        """
        wanted = self._made(schedule, tenant)
        try:
            await self._client.create_schedule(_id(schedule.name, tenant), wanted, rpc_timeout=_RPC_TIMEOUT)
        except ScheduleAlreadyRunningError:
            await self._replace(schedule.name, tenant, wanted)
        except RPCError as error:
            raise _refused(schedule, error) from error

    async def get(self, name: str, *, tenant: str = DEFAULT_TENANT) -> Schedule:
        """Return a schedule.

        Raises:
            NotFound: there is none of that name.
        """
        try:
            handle = self._client.get_schedule_handle(_id(name, tenant))
            return await self._read(await handle.describe(rpc_timeout=_RPC_TIMEOUT))
        except RPCError as error:
            raise _missing(name, error) from error

    async def delete(self, name: str, *, tenant: str = DEFAULT_TENANT) -> None:
        """End a schedule.

        Raises:
            NotFound: there is none of that name.
        """
        try:
            await self._client.get_schedule_handle(_id(name, tenant)).delete(rpc_timeout=_RPC_TIMEOUT)
        except RPCError as error:
            raise _missing(name, error) from error

    async def list(self, *, tenant: str = DEFAULT_TENANT) -> AsyncIterator[Schedule]:
        """Yield a tenant's schedules. One shows up here within a second of its making."""
        prefix = _id("", tenant)
        async for found in await self._client.list_schedules(rpc_timeout=_RPC_TIMEOUT):
            if found.id.startswith(prefix):
                yield await self.get(found.id.removeprefix(prefix), tenant=tenant)

    async def _replace(self, name: str, tenant: str, wanted: TemporalSchedule) -> None:
        def replaced(_: ScheduleUpdateInput) -> ScheduleUpdate:
            return ScheduleUpdate(schedule=wanted)

        await self._client.get_schedule_handle(_id(name, tenant)).update(replaced, rpc_timeout=_RPC_TIMEOUT)

    async def _read(self, description: ScheduleDescription) -> Schedule:
        action = description.schedule.action
        if not isinstance(action, ScheduleActionStartWorkflow):
            raise NotFound(f"the schedule {description.id!r} is none of Perdure's: it starts no workflow")
        (emission,) = await self._client.data_converter.decode(list(action.args), [ScheduledEmission])
        schedule: Schedule = emission.schedule
        return schedule.model_copy(update={"paused": description.schedule.state.paused})

    def _made(self, schedule: Schedule, tenant: str) -> TemporalSchedule:
        return TemporalSchedule(
            action=ScheduleActionStartWorkflow(
                "EmitEvent",
                ScheduledEmission(schedule=schedule, tenant=tenant),
                id=f"emit/{tenant}/{schedule.name}",
                task_queue=self._task_queue,
            ),
            spec=_spec(schedule),
            # Emitting takes no time; where the worker was away, each time has its event all the same.
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.ALLOW_ALL, catchup_window=_CATCH_UP),
            state=ScheduleState(paused=schedule.paused),
        )


def _spec(schedule: Schedule) -> ScheduleSpec:
    if (schedule.cron is None) == (schedule.every_seconds is None):
        raise BadRequest(f"schedule {schedule.name!r} must have exactly one of cron, every_seconds")
    if schedule.every_seconds is not None:
        if schedule.every_seconds < 1:
            raise BadRequest(
                f"schedule {schedule.name!r}: every_seconds is {schedule.every_seconds:g}, at least 1 works"
            )
        return ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(seconds=schedule.every_seconds))])
    cron = schedule.cron or ""
    if len(cron.split()) != 5:
        raise BadRequest(f"schedule {schedule.name!r}: cron {cron!r} must have five fields, such as '0 8 * * 1'")
    return ScheduleSpec(cron_expressions=[cron], time_zone_name=schedule.timezone)


def _id(name: str, tenant: str) -> str:
    return f"perdure/{tenant}/{name}"


def _missing(name: str, error: RPCError) -> Exception:
    if error.status is not RPCStatusCode.NOT_FOUND:
        return error
    return NotFound(f"there is no schedule {name!r} of this tenant: make it by `put`")


def _refused(schedule: Schedule, error: RPCError) -> Exception:
    if error.status is not RPCStatusCode.INVALID_ARGUMENT:
        return error
    return BadRequest(f"schedule {schedule.name!r} cannot be made: {error.message}")
