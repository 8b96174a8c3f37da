"""Flows: graphs of steps with branches on state. A flow is data and is checked before it can run."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from contracts.base import Contract
from contracts.decisions import Decision
from contracts.durations import Duration
from contracts.runs import Budget, Scope, Usage
from contracts.state import DEFAULT_TENANT, MAIN, Name

END = "end"
STEP_KINDS = ("team", "call", "set", "branch", "wait", "ask", "emit", "map", "parallel", "flow")
MAX_FLOW_BYTES = 128 * 1024

Cel = Annotated[str, Field(min_length=1, max_length=2048, description="A condition or value in CEL.")]
StepName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$", description="A step's name, or 'end'.")]
Template = Any


class _Part(BaseModel):
    """A part of a definition: what it does not know is refused, so that a misspelt word is found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_serializer(mode="wrap")
    def _without_none(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what is not there: a definition travels in history, and None is what a field is without a value.

        Other defaults are written, so that a running flow keeps them when they change.
        """
        return {name: value for name, value in serialize(self).items() if value is not None}


class BoundDocument(_Part):
    """A document of the state store under the name by which expressions call it.

    Expressions see its value: `ticket.priority`. A document that is not there is {}. `json_schema` gives the checker
    its types; without it every field may have any.
    """

    namespace: str
    key: str = Field(description="May hold ${input.…}, ${steps.…} and ${item…}.")
    json_schema: dict[str, Any] | None = None


class Retry(_Part):
    """How often a step is tried."""

    attempts: int = Field(default=3, ge=1, le=1000)
    first_delay: Duration = timedelta(seconds=0.2)
    backoff: float = Field(default=2.0, ge=1)
    longest_delay: Duration = timedelta(minutes=1)


class TeamAction(_Part):
    """Run a team on a task, as a child workflow. Its output is {"answer", "stop_reason", "usage", "run_id"}."""

    name: str
    task: Template = Field(description="Text with ${…}.")
    model: str | None = None
    budget: Budget = Budget()
    user: Template = None
    session: Template = None
    answer_schema: dict[str, Any] | None = Field(
        default=None, description="With it the answer must be JSON that fits; it is `output.value`."
    )


class CallAction(_Part):
    """Call a tool. The output is what the tool returns."""

    tool: str
    arguments: dict[str, Template] = {}


class Assignment(_Part):
    """One document that a `set` step writes. Exactly one of put, patch, delete."""

    document: str = Field(description="Name of one of the flow's documents.")
    put: Template = None
    patch: Template = None
    delete: bool = False
    expect: Literal["read", "absent", "any"] = Field(
        default="read",
        description="'read': as it was when the step read it (read again on conflict); 'any': whatever is there.",
    )

    @model_validator(mode="after")
    def _does_one_thing(self) -> Assignment:
        if (self.put is not None) + (self.patch is not None) + self.delete != 1:
            raise ValueError(f"the assignment to {self.document!r} must have exactly one of put, patch, delete")
        return self


class SetAction(_Part):
    """Write documents, all or none. Values hold ${CEL}, which sees the documents as they are at that moment.

    The output is {document name: {"version": n}}.
    """

    write: tuple[Assignment, ...] = Field(min_length=1, max_length=100)
    why: str | None = None


class BranchCase(_Part):
    """One way to go on."""

    when: Cel
    to: StepName


class BranchAction(_Part):
    """Go where the first true case says; `else` if none is. All documents named are read in one snapshot."""

    cases: tuple[BranchCase, ...] = Field(min_length=1, max_length=50)
    otherwise: StepName = Field(alias="else")

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class EventWait(_Part):
    """An event that is waited for. Its output is the event ({"id", "source", "type", "subject", "data", "time"})."""

    type: str
    source: str | None = None
    when: Cel | None = Field(default=None, description="CEL over `event`, `input` and `steps`.")


class WaitAction(_Part):
    """Wait for a condition on documents, an event, or a time. Exactly one of until, event, duration, time."""

    until: Cel | None = Field(default=None, description="Condition on documents.")
    event: EventWait | None = None
    duration: Duration | None = None
    time: Template = Field(default=None, description="ISO 8601 with a zone; may hold ${…}.")
    timeout: Duration | None = None
    on_timeout: StepName | None = Field(default=None, description="Without it a timeout fails the step.")

    @model_validator(mode="after")
    def _waits_for_one_thing(self) -> WaitAction:
        if sum(value is not None for value in (self.until, self.event, self.duration, self.time)) != 1:
            raise ValueError("a wait must have exactly one of until, event, duration, time")
        return self


class Escalation(_Part):
    """Whom to ask as well when nobody answered in time. An event `perdure.ask.escalated` tells of it."""

    after: Duration
    to: str


class AskAction(_Part):
    """Ask a person. The output is {"value", "by", "note"}."""

    question: Template
    of: str | None = Field(default=None, description="Person or role that is asked.")
    json_schema: dict[str, Any] = Field(default={"type": "string"}, description="What an answer must fit.")
    deadline: Duration | None = None
    on_deadline: StepName | None = Field(default=None, description="Without it a missed deadline fails the step.")
    escalations: tuple[Escalation, ...] = ()


class EmitAction(_Part):
    """Emit an event. Its output is {"id"}. The id is made from flow, run, step and visit: a retry emits nothing new."""

    type: str
    subject: Template = None
    data: Template = None


class FlowAction(_Part):
    """Run another flow as a child. The output is the child's output."""

    name: str
    input: dict[str, Template] = {}


class Action(_Part):
    """One thing to do, without a place in the graph: the body of a map, a part of a parallel step, a compensation."""

    team: TeamAction | None = None
    call: CallAction | None = None
    set: SetAction | None = None
    emit: EmitAction | None = None
    flow: FlowAction | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> Action:
        _one_kind(self, ("team", "call", "set", "emit", "flow"))
        return self


class MapAction(_Part):
    """Do one thing for each item of a list. The output is {"results": [...], "failed": [{"index", "error"}]}.

    Results keep the order of the items; a skipped or collected failure leaves None in its place.
    """

    over: Template = Field(description="A list, or ${CEL} that gives one; at most 10,000 items.")
    do: Action = Field(description="Sees the item as `item` and its place as `index`.")
    at_once: int = Field(default=10, ge=1, le=200)
    on_failure: Literal["fail", "skip", "collect"] = Field(
        default="fail", description="'skip' forgets failed items, 'collect' lists them in `failed`."
    )


class ParallelAction(_Part):
    """Do several things at once and go on when all are done. The output is {name: output}; one failure fails it."""

    do: dict[str, Action] = Field(min_length=1, max_length=50)
    at_once: int = Field(default=10, ge=1, le=50)


def _one_kind(part: BaseModel, kinds: tuple[str, ...]) -> str:
    found = [kind for kind in kinds if getattr(part, kind) is not None]
    if len(found) != 1:
        raise ValueError(f"must have exactly one of {', '.join(kinds)}, it has {', '.join(found) or 'none'}")
    return found[0]


class Step(_Part):
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
    def _has_one_kind(self) -> Step:
        _one_kind(self, STEP_KINDS)
        return self

    @property
    def kind(self) -> str:
        """Which of the ten it is."""
        return _one_kind(self, STEP_KINDS)


class Flow(_Part):
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
        question: what was asked.
        items: those of a map that are left, the first of them at place `done`.
        results: of the items that are done.
    """

    step: str
    visit: int
    wait: str | None = None
    since: float = 0.0
    told: int = 0
    question: str = ""
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


FlowRequest.model_rebuild()
