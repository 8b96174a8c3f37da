"""The step `wait`: for a condition on documents, an event, or a time.

No change is lost: a wait is registered before the documents are read, so a change is either in what was read, or the
relay tells of it afterwards. Nothing is polled.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from contracts.decisions import Decision
from contracts.errors import BadRequest
from contracts.events import Event, Wait
from contracts.flows import BranchCase, EventWait, FlowRequest, Paused, WaitAction
from contracts.steps import DecideRequest
from workflows import attributes, calls
from workflows.failures import ENDINGS
from workflows.flow_state import FlowState
from workflows.life import Life
from workflows.mailbox import Mailbox
from workflows.onward import Onward, Pace
from workflows.sight import Sight
from workflows.spot import Spot

TIMED_OUT = "TimedOut"


@dataclass(frozen=True, kw_only=True)
class Went:
    """How a step ended: its output, and the step that follows, where that is not its `next`."""

    output: Any = None
    to: str | None = None


@dataclass(frozen=True, kw_only=True)
class Held:
    """One wait under way.

    Attributes:
        spot: where.
        sight: what its expressions see.
        id: name of the registered wait.
        since: when it began, seconds since the epoch.
        deadline: when it ends at the latest; None is never.
    """

    spot: Spot
    sight: Sight
    id: str
    since: float
    deadline: float | None


class Waiting:
    """Waits as a step says.

    Args:
        request: the flow's request.
        state: remembers which events were taken.
        mailbox: where signals arrive.
        life: knows when the flow began.
        pace: says when to go on in a new history.
        decided: told of each decision.

    Attributes:
        waiting_for: what the flow waits for, for people.
    """

    def __init__(
        self,
        request: FlowRequest,
        state: FlowState,
        *,
        mailbox: Mailbox,
        pace: Pace,
        life: Life,
        decided: Callable[[Decision], None],
    ) -> None:
        self._request = request
        self._state = state
        self._life = life
        self._mailbox = mailbox
        self._pace = pace
        self._decided = decided
        self.waiting_for: tuple[str, ...] = ()

    async def run(self, action: WaitAction, spot: Spot, sight: Sight, *, paused: Paused | None) -> Went:
        """Wait, and return what came.

        Raises:
            ApplicationError: the time is over and the step does not say where to go then, or the condition failed.
            Onward: the history is long.
        """
        info = workflow.info()
        since = paused.since if paused is not None else workflow.time()
        held = Held(
            spot=spot,
            sight=sight,
            # The first run's id is the same after a reset: what was registered before it is found by its name.
            id=(paused.wait if paused else None) or f"{info.workflow_id}/{info.first_execution_run_id}/{spot.id}",
            since=since,
            deadline=None if action.timeout is None else since + action.timeout.total_seconds(),
        )
        self.waiting_for = (_told(action),)
        try:
            came, output = await self._wait(action, held, resumed=paused is not None and paused.wait is not None)
        finally:
            self.waiting_for = ()
        if came:
            return Went(output=output)
        if action.on_timeout is not None:
            return Went(to=action.on_timeout)
        raise ApplicationError(f"what {spot.step!r} waits for did not come within {action.timeout}", type=TIMED_OUT)

    async def hold(self, condition: Callable[[], bool], *, until: float | None, paused: Paused) -> bool:
        """Wait for a condition on what was signalled. Returns whether it holds; else the time is over.

        Raises:
            Onward: the history is long.
        """
        left = None if until is None else max(until - workflow.time(), 0.0)
        if condition():
            return True
        try:
            await workflow.wait_condition(
                lambda: condition() or self._pace.is_long(), timeout=left, timeout_summary=paused.step
            )
        except TimeoutError:
            return condition()
        if not condition():
            raise Onward(paused)
        return True

    async def _wait(self, action: WaitAction, held: Held, *, resumed: bool) -> tuple[bool, Any]:
        if action.until is not None:
            condition = action.until
            return await _said("state", lambda: self._for_state(condition, held, resumed=resumed))
        if action.event is not None:
            event = action.event
            return await _said("event", lambda: self._for_event(event, held, resumed=resumed))
        return await _said("time", lambda: self._for_time(action, held))

    async def _for_time(self, action: WaitAction, held: Held) -> tuple[bool, Any]:
        if action.duration is not None:
            end = held.since + action.duration.total_seconds()
        else:
            spot = held.spot
            end = _moment(await held.sight.fill(action.time, spot))
        await self.hold(lambda: False, until=end, paused=_paused(held))
        return True, None

    async def _for_state(self, condition: str, held: Held, *, resumed: bool) -> tuple[bool, Any]:
        documents, bound = held.sight.read([condition])
        wait = self._made(held, documents=tuple((place.namespace, place.key) for place in documents))
        request = DecideRequest(
            step=held.spot.step,
            visit=held.spot.visit,
            documents=documents,
            bound=bound,
            tenant=self._request.tenant,
            branch=self._request.branch,
            cases=(BranchCase(when=condition, to="true"),),
        )
        return await self._registered(wait, held, lambda: self._until(request, held), resumed=resumed)

    async def _until(self, request: DecideRequest, held: Held) -> tuple[bool, Any]:
        number = 0
        while True:
            number += 1
            self._pace.count()
            decision = await calls.decide(request, id=f"{held.spot.id}~{number}")
            self._decided(decision)
            if decision.error is not None:
                raise ApplicationError(decision.error, type="ExpressionFailed")
            if decision.taken == "true":
                return True, {"sequence": decision.sequence}
            seen = decision.sequence
            if not await self.hold(
                partial(self._is_woken, held, beyond=seen), until=held.deadline, paused=_paused(held)
            ):
                return False, None

    def _is_woken(self, held: Held, *, beyond: int) -> bool:
        return self._mailbox.woken_at(held.id) > beyond

    async def _for_event(self, wanted: EventWait, held: Held, *, resumed: bool) -> tuple[bool, Any]:
        bound = held.sight.bound([wanted.when] if wanted.when else [])
        if (event := await self._waiting_already(wanted, held, seen=0)) is not None:
            return True, self._taken(event, wanted)
        # What came since the flow began, or after the last one that was taken, counts: an answer may be faster than the
        # step that waits for it.
        after = self._state.taken.get(_key(wanted)) or await self._life.begun()
        wait = self._made(held, type=wanted.type, source=wanted.source, when=wanted.when, bound=bound, after=after)
        return await self._registered(wait, held, lambda: self._event(wanted, held), resumed=resumed)

    async def _event(self, wanted: EventWait, held: Held) -> tuple[bool, Any]:
        seen = 0
        while (event := self._mailbox.brought(held.id)) is None:
            if (event := await self._waiting_already(wanted, held, seen=seen)) is not None:
                break
            seen = arrived = self._mailbox.arrived
            if not await self.hold(
                partial(self._has_event, held, beyond=arrived), until=held.deadline, paused=_paused(held)
            ):
                return False, None
        return True, self._taken(event, wanted)

    def _has_event(self, held: Held, *, beyond: int) -> bool:
        return self._mailbox.brought(held.id) is not None or self._mailbox.arrived > beyond

    async def _waiting_already(self, wanted: EventWait, held: Held, *, seen: int) -> Event | None:
        """The first event that a trigger has sent to this flow and that fits."""
        for event in self._mailbox.events(after=seen):
            if _is_of_kind(event, wanted) and (wanted.when is None or await self._holds(wanted.when, event, held)):
                return event
        return None

    async def _holds(self, condition: str, event: Event, held: Held) -> bool:
        sight = held.sight.having(event=event.model_dump(mode="json", exclude={"sequence", "tenant"}))
        request = DecideRequest(
            step=held.spot.step,
            visit=held.spot.visit,
            bound=sight.bound([condition]),
            cases=(BranchCase(when=condition, to="true"),),
        )
        decision = await calls.decide(request, id=f"{held.spot.id}~event{event.sequence}")
        if decision.error is not None:
            raise ApplicationError(decision.error, type="ExpressionFailed")
        return decision.taken == "true"

    def _taken(self, event: Event, wanted: EventWait) -> Any:
        self._mailbox.take(event)
        self._state.taken[_key(wanted)] = event.sequence
        return event.model_dump(mode="json", exclude={"sequence", "tenant"})

    def _made(self, held: Held, **what: Any) -> Wait:
        return Wait(
            id=held.id,
            workflow_id=workflow.info().workflow_id,
            tenant=self._request.tenant,
            branch=self._request.branch,
            **what,
        )

    async def _registered(
        self, wait: Wait, held: Held, then: Callable[[], Awaitable[tuple[bool, Any]]], *, resumed: bool
    ) -> tuple[bool, Any]:
        self._mailbox.open(wait.id)
        if not resumed:
            await calls.register_wait(wait, id=f"{held.spot.id}~wait")
        try:
            outcome = await then()
        except Onward:
            raise
        except ENDINGS:
            await self._forget(wait, held)
            raise
        # Not `finally`: a flow that its worker forgets is closed there too, and then nothing may be awaited.
        await self._forget(wait, held)
        return outcome

    async def _forget(self, wait: Wait, held: Held) -> None:
        self._mailbox.close(wait.id)
        await calls.unregister_wait(wait.id, id=f"{held.spot.id}~unwait")


async def forgotten(paused: Paused | None) -> Paused | None:
    """Give up a wait's registration: another definition may wait for something else."""
    if paused is None or paused.wait is None:
        return paused
    await calls.unregister_wait(paused.wait, id=f"{paused.step}:{paused.visit}~migrate")
    return paused.model_copy(update={"wait": None})


async def _said(what: str, wait: Callable[[], Awaitable[tuple[bool, Any]]]) -> tuple[bool, Any]:
    attributes.waits_for(what)
    try:
        outcome = await wait()
    except Onward:
        raise
    except ENDINGS:
        attributes.waits_for(None)
        raise
    attributes.waits_for(None)
    return outcome


def _paused(held: Held) -> Paused:
    return Paused(step=held.spot.step, visit=held.spot.visit, wait=held.id, since=held.since)


def _told(action: WaitAction) -> str:
    """What is waited for, for people."""
    if action.until is not None:
        return f"until {action.until}"
    if action.event is not None:
        return f"an event {action.event.type}"
    return f"{action.duration} to pass" if action.duration is not None else f"the time {action.time}"


def _is_of_kind(event: Event, wanted: EventWait) -> bool:
    return _fits(event.type, wanted.type) and (wanted.source is None or _fits(event.source, wanted.source))


def _key(wanted: EventWait) -> str:
    return "\n".join((wanted.type, wanted.source or "", wanted.when or ""))


def _fits(value: str, pattern: str) -> bool:
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern


def _moment(value: Any) -> float:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadRequest(f"{value!r} is no time: write it as 2026-01-31T09:00:00+01:00") from error
    if moment.tzinfo is None:
        raise BadRequest(f"the time {value!r} has no zone: add +01:00 or Z")
    return moment.timestamp()
