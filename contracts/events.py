"""Events: what happened, told as CloudEvents, and what follows from them by rule."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, model_validator

from contracts.base import Contract
from contracts.state import DEFAULT_TENANT, MAIN, Emitted, Json, Name

# Types of the events that the engine itself emits.
STATE_CHANGED = "perdure.state.changed"
FLOW_STARTED = "perdure.flow.started"
FLOW_ENDED = "perdure.flow.ended"
ASK_OPENED = "perdure.ask.opened"
ASK_ESCALATED = "perdure.ask.escalated"
# Tells a wait that events which came before it was registered may be meant; no event of this type is ever in the log.
WAIT_OPENED = "perdure.wait.opened"


class Event(Contract):
    """A CloudEvent (1.0) with its place in the store's one order.

    Events of one `subject` are delivered in order; those without a subject by their source. Changes of state are events
    of type `perdure.state.changed`, source `/state/<branch>/<namespace>`, subject `<key>`, id `<sequence>`, whose data
    is {"namespace", "key", "branch", "version", "value", "gone", "transition", "run", "step", "why"}.
    """

    id: str
    source: str
    type: str
    subject: str | None = None
    data: Any = None
    time: datetime
    sequence: int
    tenant: Name = DEFAULT_TENANT
    change: tuple[str, str, str] | None = Field(
        default=None,
        description="(branch, namespace, key) where the store itself tells of a change; nobody can emit it.",
    )

    @property
    def lane(self) -> str:
        """What keeps its order."""
        return self.subject if self.subject is not None else self.source

    @property
    def value(self) -> dict[str, Any]:
        """What conditions and templates see as `event`; the time is ISO 8601 text."""
        return {
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "data": self.data,
            "time": self.time.isoformat(),
        }


class StartTeam(Contract):
    """Start a run of a team. Texts may hold ${event.data.…} and other paths of the event."""

    team: str
    task: str
    user: str | None = None
    session: str | None = None


class StartFlow(Contract):
    """Start a flow that the app has registered; `input` may hold ${event.…}."""

    flow: str
    input: dict[str, Json] = {}
    branch: str = MAIN


class SignalRun(Contract):
    """Hand the event to the run or flow with this workflow id (after ${event.…} is put in).

    Where no such run is open, the delivery is a failure and is tried again.
    """

    run: str


class Trigger(Contract):
    """What follows when an event comes. Kept as a document under `perdure.triggers/<name>`.

    Args:
        type: event type; "*" at the end matches any rest ("invoice.*").
        source: the same for the source; None is any.
        when: CEL over `event` (id, source, type, subject, data, time); None is always.
        attempts: deliveries before the event becomes a dead letter.
        replayable_days: how long the starts it made are remembered; a replay after that starts again.
    """

    name: Name
    type: str = Field(min_length=1, max_length=200)
    source: str | None = None
    when: str | None = None
    start_team: StartTeam | None = None
    start_flow: StartFlow | None = None
    signal: SignalRun | None = None
    attempts: int = Field(default=5, ge=1, le=100)
    enabled: bool = True
    replayable_days: int = Field(default=30, ge=1, le=3650)

    @model_validator(mode="after")
    def _has_one_action(self) -> Trigger:
        if sum(action is not None for action in (self.start_team, self.start_flow, self.signal)) != 1:
            raise ValueError(f"trigger {self.name!r} must have exactly one of start_team, start_flow, signal")
        return self


class Schedule(Contract):
    """Emits an event at set times, by a Temporal Schedule. The event's id becomes "<id>@<time>", with the set time.

    Args:
        cron: five fields, in `timezone`; or `every_seconds`.
    """

    name: Name
    event: Emitted
    cron: str | None = None
    every_seconds: float | None = Field(default=None, gt=0)
    timezone: str = "UTC"
    paused: bool = False


class ScheduledEmission(Contract):
    """The one argument of the workflow `EmitEvent`, which a schedule starts at each of its times."""

    schedule: Schedule
    tenant: Name = DEFAULT_TENANT


class Wait(Contract):
    """A flow (or run) that waits. It is registered before the state is read, so that no change falls between.

    A wait for state names documents: each change of one of them signals the workflow. A wait for an event names a type
    and, if not every one will do, a source (both may end with "*") and a condition; the event itself is signalled.
    `after` is the sequence that the waiter has seen: what came later counts.
    """

    id: str = Field(description="Unique: workflow id, Temporal run id, step and visit.")
    workflow_id: str
    tenant: Name = DEFAULT_TENANT
    branch: Name = MAIN
    documents: tuple[tuple[str, str], ...] = Field(default=(), description="(namespace, key) of each.")
    type: str | None = None
    source: str | None = None
    when: str | None = Field(default=None, description="CEL over `event` and `bound`.")
    bound: dict[str, Any] = Field(default={}, description="Values that the condition compares the event with.")
    after: int | None = Field(default=None, description="None: from the moment of registration.")


class Delivery(Contract):
    """One event on its way to one trigger or one wait."""

    id: int
    target: Literal["trigger", "wait"]
    name: str = Field(description="Name of the trigger, or id of the wait.")
    tenant: Name = DEFAULT_TENANT
    lane: str
    event: Event
    attempts: int = 0
    error: str | None = None
    most_attempts: int = 5
    remember_days: int = Field(default=30, description="How long the start that it makes is remembered.")


class DeadLetter(Contract):
    """A delivery that was given up, with its last error; it can be replayed."""

    delivery: Delivery
    given_up_at: datetime


class Woken(Contract):
    """What a waiting workflow is signalled with. `event` is None for a change of state."""

    wait: str
    sequence: int
    event: Event | None = None
