"""Flows: graphs of steps with branches on state. A flow is data and is checked before it can run."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from contracts.base import Contract
from contracts.decisions import Decision
from contracts.durations import Duration
from contracts.flow_actions import (
    Action,
    AskAction,
    Assignment,
    BoundDocument,
    BranchAction,
    BranchCase,
    CallAction,
    Cel,
    EmitAction,
    Escalation,
    EventWait,
    FlowAction,
    MapAction,
    ParallelAction,
    Part,
    Retry,
    SetAction,
    StepName,
    TeamAction,
    Template,
    WaitAction,
    one_kind,
)
from contracts.remembering import MemoryPolicy
from contracts.runs import Budget, Scope, Usage
from contracts.state import DEFAULT_TENANT, MAIN, Name

__all__ = [
    "END",
    "MAX_FLOW_BYTES",
    "STEP_KINDS",
    "Action",
    "Answer",
    "AskAction",
    "Assignment",
    "BoundDocument",
    "BranchAction",
    "BranchCase",
    "CallAction",
    "Cel",
    "Compensation",
    "Duration",
    "EmitAction",
    "Escalation",
    "EventWait",
    "Flow",
    "FlowAction",
    "FlowCarried",
    "FlowRequest",
    "FlowResult",
    "FlowView",
    "MapAction",
    "ParallelAction",
    "Paused",
    "Question",
    "Retry",
    "SetAction",
    "Step",
    "StepName",
    "StepOutcome",
    "TeamAction",
    "Template",
    "VisitedStep",
    "WaitAction",
]

END = "end"
STEP_KINDS = ("team", "call", "set", "branch", "wait", "ask", "emit", "map", "parallel", "flow")
MAX_FLOW_BYTES = 128 * 1024


class Step(Part):
    """One step of a flow: exactly one kind, and what all kinds share.

    Args:
        next: the step that follows, or "end". Every step but a branch has one.
        timeout: of one attempt for `call`, `set`, `emit`; of the whole step for `team`, `flow`, `map`, `parallel`.
        on_error: the step that follows when this one fails for good; expressions see `steps.<id>.error`.
        compensate: done, last finished step first, when the flow fails or is cancelled later.
        most_visits: bound of a cycle; the visit after that goes to `beyond` (without it, the flow fails).
    """

    team: TeamAction | None = None
    call: CallAction | None = None
    set: SetAction | None = None
    branch: BranchAction | None = None
    wait: WaitAction | None = None
    ask: AskAction | None = None
    emit: EmitAction | None = None
    map: MapAction | None = None
    parallel: ParallelAction | None = None
    flow: FlowAction | None = None
    next: StepName | None = None
    retry: Retry = Retry()
    timeout: Duration | None = None
    on_error: StepName | None = None
    compensate: Action | None = None
    most_visits: int | None = Field(default=None, ge=1, le=1_000_000)
    beyond: StepName | None = None
    title: str | None = None

    @model_validator(mode="after")
    def _hasone_kind(self) -> Step:
        one_kind(self, STEP_KINDS)
        return self

    @property
    def kind(self) -> str:
        """Which of the ten it is."""
        return one_kind(self, STEP_KINDS)


class Flow(Part):
    """A definition. It travels with the run, so a running flow keeps the one that it started with."""

    name: Name
    version: str = "1"
    description: str = ""
    input: dict[str, Any] = Field(default={"type": "object"}, description="JSON Schema of the input.")
    documents: dict[StepName, BoundDocument] = {}
    start: StepName
    steps: dict[StepName, Step] = Field(min_length=1, max_length=500)
    output: Template = Field(default=None, description="What the flow returns, with ${CEL}.")


class FlowRequest(Contract):
    """The one argument of the workflow `FlowRun`; the workflow id is the run id.

    Args:
        flow: the definition; `flows` those of all its children, by name.
        branch: branch of the state store that all steps read and write.
    """

    run_id: str
    flow: Flow
    flows: dict[str, Flow] = {}
    input: dict[str, Any] = {}
    tenant: Name = DEFAULT_TENANT
    branch: Name = MAIN
    scope: Scope = Scope()
    budget: Budget = Field(default=Budget(), description="Of all teams of the flow together.")
    files: str | None = None
    memory: MemoryPolicy | None = Field(
        default=None, description="How its teams use memory, where they work for somebody; None: not at all."
    )
    carried: FlowCarried | None = Field(default=None, description="Set by continue-as-new only.")


class StepOutcome(Contract):
    """How a step ended, as expressions see it under `steps.<id>`."""

    output: Any = None
    error: str | None = None
    visits: int = 1


class Compensation(Contract):
    """A finished step that can be taken back, with what its compensation refers to."""

    step: str
    visit: int
    bound: dict[str, Any] = {}


class Paused(Contract):
    """A step that was under way when its history ended.

    Args:
        wait: id of the wait that is registered.
        since: when the step began to wait or asked, seconds since the epoch.
        told: escalations that were made.
        question: what was asked; `answer` came while the history ended.
        items: those of a map that are left, the first of them at place `done`.
        results: of the items that are done.
    """

    step: str
    visit: int
    wait: str | None = None
    since: float = 0.0
    told: int = 0
    question: str = ""
    answer: Answer | None = None
    items: tuple[Any, ...] = ()
    results: tuple[Any, ...] = ()
    failed: tuple[dict[str, Any], ...] = ()


class FlowCarried(Contract):
    """What continue-as-new hands on."""

    position: str
    outcomes: dict[str, StepOutcome] = {}
    visits: dict[str, int] = {}
    compensations: tuple[Compensation, ...] = ()
    done: int = Field(default=0, description="Steps executed so far.")
    usage: Usage = Usage()
    events: tuple[dict[str, Any], ...] = Field(default=(), description="Signalled, and not yet waited for.")
    started: float = 0.0
    paused: Paused | None = None
    ended: str = Field(default="", description="The step that ended last.")
    since: int | None = Field(default=None, description="Sequence at which the flow began.")
    taken: dict[str, int] = Field(default={}, description="Sequence of the last event that each wait took.")


class FlowResult(Contract):
    """What a flow returns."""

    run_id: str
    flow: str
    version: str
    output: Any = None
    ended: str = Field(description="The last step.")
    steps: int = Field(description="Steps executed.")
    usage: Usage = Usage()


class Question(Contract):
    """A person is asked. Answer it by `perdure answer` or the update `answer`."""

    step: str
    visit: int
    question: str
    of: tuple[str, ...] = ()
    json_schema: dict[str, Any] = {}
    asked_at: float = Field(description="Seconds since the epoch.")
    deadline: float | None = None


class Answer(Contract):
    """A person's answer to the question of a step."""

    step: str
    value: Any
    by: str = ""
    note: str | None = None


class Migration(Contract):
    """Another definition for a flow that waits (update `migrate`); it goes on in the step that waits now."""

    flow: Flow
    flows: dict[str, Flow] = Field(default={}, description="Its children, by name.")


class VisitedStep(Contract):
    """One execution of a step, for people: where the flow went and why."""

    index: int
    step: str
    visit: int
    kind: str
    outcome: Literal["running", "done", "failed", "skipped"]
    to: str | None = None
    decision: Decision | None = None
    error: str | None = None


class FlowView(Contract):
    """Where a flow stands (query `view`): the last steps, open questions, what it waits for."""

    position: str | None
    steps: tuple[VisitedStep, ...] = ()
    questions: tuple[Question, ...] = ()
    waiting_for: tuple[str, ...] = ()
    usage: Usage = Usage()
    closed: bool = False


Paused.model_rebuild()
FlowCarried.model_rebuild()
FlowRequest.model_rebuild()
