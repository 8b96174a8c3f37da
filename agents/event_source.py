"""The events that one agent waits for, one after another, inside the workflow."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from autogen_core import CancellationToken
from temporalio import workflow
from temporalio.exceptions import ActivityError

from agents import waits
from agents.run import Run
from contracts.bridge import EventPattern
from contracts.events import Event, Wait

_Outcome = TypeVar("_Outcome")


class EventSource:
    """Waits for events in the name of one agent.

    The wait is registered before the workflow waits. Events count that are younger than the run, or than the last one
    that was taken: none is lost that comes before the agent's turn, or between two of its turns.

    Args:
        run: the run that it works for.
        pattern: which events.
        when: CEL over `event`; whoever routes events evaluates it.
        path: who waits; empty until the team is bound.

    Attributes:
        after: sequence of the last event that a wait was told; None before the first.
    """

    def __init__(self, run: Run, pattern: EventPattern, *, when: str | None, path: str = "") -> None:
        self._run = run
        self._pattern = pattern
        self._when = when
        self._path = path
        self.after: int | None = None

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
        activity_id = f"{self._path}:{self._run.next_call(self._path)}:wait"
        end = None if within is None else workflow.time() + within.total_seconds()
        while (event := self._at_hand()) is None:
            told = await self._wait(activity_id, end=end, token=token)
            # It may have come before in another way, addressed to the run.
            if told is not None and self._run.inbox.is_new(told, recipient=self._path):
                return told
            if told is None and not self._is_at_hand():
                return None
            activity_id += "~"
        return event

    async def _wait(self, activity_id: str, *, end: float | None, token: CancellationToken) -> Event | None:
        """Wait until the wait is told an event, an event for the run itself is at hand, or the time is over."""
        wait = self._new_wait()
        self._run.waits.opened(wait.id)
        self._run.inbox.open(wait.id)
        registered = await self._done(waits.register(wait, activity_id=activity_id), token)
        self._run.learn_sequence(registered.sequence)
        await self._until_told(wait.id, end=end)
        event = self._run.inbox.told(wait.id)
        await self._done(waits.unregister(wait.id, activity_id=f"{activity_id}.end"), token)
        self._run.inbox.close(wait.id)
        self._run.waits.closed(wait.id)
        if event is not None:
            self.after = event.sequence
        return event

    async def _until_told(self, wait: str, *, end: float | None) -> None:
        def told() -> bool:
            return self._run.inbox.told(wait) is not None or self._is_at_hand()

        try:
            await workflow.wait_condition(told, timeout=None if end is None else max(end - workflow.time(), 0.0))
        except TimeoutError:
            return

    async def _done(self, call: workflow.ActivityHandle[_Outcome], token: CancellationToken) -> _Outcome:
        try:
            return await self._run.outcome(call, token)
        except ActivityError as error:
            self._run.stop(error)
            raise

    def _is_at_hand(self) -> bool:
        # No condition is evaluated in a workflow: with one, only what a wait is told will do.
        return self._when is None and self._run.inbox.has(self._pattern)

    def _at_hand(self) -> Event | None:
        """Take an event that is addressed to the run itself and will do."""
        while self._is_at_hand():
            event = self._run.inbox.take_first(self._pattern)
            if event is not None and self._run.inbox.is_new(event, recipient=self._path):
                return event
        return None

    def _new_wait(self) -> Wait:
        run, workflow_id = self._run, workflow.info().workflow_id
        return Wait(
            # Not the Temporal run's id, which is another one when the run is replayed after a reset.
            id=f"{workflow_id}/{self._path}/{workflow.uuid4().hex[:12]}",
            workflow_id=workflow_id,
            tenant=run.request.tenant,
            branch=run.request.branch,
            type=self._pattern.type,
            source=self._pattern.source,
            when=self._when,
            after=run.since if self.after is None else self.after,
        )
