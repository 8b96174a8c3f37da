"""The events that one agent waits for, one after another, inside the workflow."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from autogen_core import CancellationToken
from temporalio import workflow
from temporalio.exceptions import ActivityError

from agents import waits
from agents.inbox import wait_id
from agents.run import Run
from contracts.bridge import EventPattern
from contracts.events import Event, Wait

_Outcome = TypeVar("_Outcome")


class EventSource:
    """Waits for events in the name of one agent.

    The wait is registered before the workflow waits. Events count that are younger than the run, or than the last one
    that came: none is lost that comes before the agent's turn, or between two of its turns.

    Args:
        run: the run that it works for.
        pattern: which events.
        when: CEL over `event`; whoever routes events evaluates it.
        path: who waits; empty until the team is bound.
    """

    def __init__(self, run: Run, pattern: EventPattern, *, when: str | None, path: str = "") -> None:
        self._run = run
        self._pattern = pattern
        self._when = when
        self._path = path

    @property
    def type(self) -> str:
        """The type of the events."""
        return self._pattern.type

    def bound(self, path: str) -> EventSource:
        """The same events, waited for by that path."""
        return EventSource(self._run, self._pattern, when=self._when, path=path)

    async def next(self, *, within: timedelta | None, token: CancellationToken) -> Event | None:
        """Return the next event that this agent has not had; None if none came in time."""
        self._run.check_going()
        number = self._run.next_call(self._path)
        if (event := self._take()) is not None:
            return event
        wait, activity_id = self._wait(number), f"{self._path}:{number}:wait"
        self._run.waits.opened(wait.id)
        registered = await self._done(waits.register(wait, activity_id=activity_id), token)
        self._run.learn_sequence(registered.sequence)
        event = await self._until_there(within)
        await self._done(waits.unregister(wait.id, activity_id=f"{activity_id}.end"), token)
        self._run.waits.closed(wait.id)
        return event

    async def _until_there(self, within: timedelta | None) -> Event | None:
        end = None if within is None else workflow.time() + within.total_seconds()
        while (event := self._take()) is None:
            left = None if end is None else max(end - workflow.time(), 0.0)
            try:
                await workflow.wait_condition(self._is_there, timeout=left)
            except TimeoutError:
                return self._take()
        return event

    async def _done(self, call: workflow.ActivityHandle[_Outcome], token: CancellationToken) -> _Outcome:
        try:
            return await self._run.outcome(call, token)
        except ActivityError as error:
            self._run.stop(error)
            raise

    def _take(self) -> Event | None:
        return self._run.inbox.take_for(self._path, self._direct)

    def _is_there(self) -> bool:
        return self._run.inbox.has_for(self._path, self._direct)

    @property
    def _direct(self) -> EventPattern | None:
        """Which events for the run itself will do. No condition is evaluated here, so with one only waits will do."""
        return self._pattern if self._when is None else None

    def _wait(self, number: int) -> Wait:
        info, run = workflow.info(), self._run
        seen = run.inbox.after(self._path)
        return Wait(
            id=wait_id(workflow_id=info.workflow_id, run_id=info.run_id, path=self._path, number=number),
            workflow_id=info.workflow_id,
            tenant=run.request.tenant,
            branch=run.request.branch,
            type=self._pattern.type,
            source=self._pattern.source,
            when=self._when,
            after=run.since if seen is None else seen,
        )
