"""What the steps of a flow do: the ten kinds."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from contracts.durations import Duration
from contracts.runs import Budget

Cel = Annotated[str, Field(min_length=1, max_length=2048, description="A condition or value in CEL.")]
StepName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$", description="A step's name, or 'end'.")]
Template = Any


class Part(BaseModel):
    """A part of a definition: what it does not know is refused, so that a misspelt word is found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_serializer(mode="wrap")
    def _without_none(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what is not there: a definition travels in history, and None is what a field is without a value.

        Other defaults are written, so that a running flow keeps them when they change.
        """
        return {name: value for name, value in serialize(self).items() if value is not None}


class BoundDocument(Part):
    """A document of the state store under the name by which expressions call it.

    Expressions see its value: `ticket.priority`. A document that is not there is {}. `json_schema` gives the checker
    its types; without it every field may have any.
    """

    namespace: str
    key: str = Field(description="May hold ${input.…}, ${steps.…} and ${item…}.")
    json_schema: dict[str, Any] | None = None


class Retry(Part):
    """How often a step is tried."""

    attempts: int = Field(default=3, ge=1, le=1000)
    first_delay: Duration = timedelta(seconds=0.2)
    backoff: float = Field(default=2.0, ge=1)
    longest_delay: Duration = timedelta(minutes=1)


class TeamAction(Part):
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


class CallAction(Part):
    """Call a tool. The output is what the tool returns."""

    tool: str
    arguments: dict[str, Template] = {}


class Assignment(Part):
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


class SetAction(Part):
    """Write documents, all or none. Values hold ${CEL}, which sees the documents as they are at that moment.

    The output is {document name: {"version": n}}.
    """

    write: tuple[Assignment, ...] = Field(min_length=1, max_length=100)
    why: str | None = None


class BranchCase(Part):
    """One way to go on."""

    when: Cel
    to: StepName


class BranchAction(Part):
    """Go where the first true case says; `else` if none is. All documents named are read in one snapshot."""

    cases: tuple[BranchCase, ...] = Field(min_length=1, max_length=50)
    otherwise: StepName = Field(alias="else")

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class EventWait(Part):
    """An event that is waited for. Its output is the event ({"id", "source", "type", "subject", "data", "time"})."""

    type: str
    source: str | None = None
    when: Cel | None = Field(default=None, description="CEL over `event`, `input` and `steps`.")


class WaitAction(Part):
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


class Escalation(Part):
    """Whom to ask as well when nobody answered in time. An event `perdure.ask.escalated` tells of it."""

    after: Duration
    to: str


class AskAction(Part):
    """Ask a person. The output is {"value", "by", "note"}."""

    question: Template
    of: str | None = Field(default=None, description="Person or role that is asked.")
    json_schema: dict[str, Any] = Field(default={"type": "string"}, description="What an answer must fit.")
    deadline: Duration | None = None
    on_deadline: StepName | None = Field(default=None, description="Without it a missed deadline fails the step.")
    escalations: tuple[Escalation, ...] = ()


class EmitAction(Part):
    """Emit an event. Its output is {"id"}. The id is made from flow, run, step and visit: a retry emits nothing new."""

    type: str
    subject: Template = None
    data: Template = None


class FlowAction(Part):
    """Run another flow as a child. The output is the child's output."""

    name: str
    input: dict[str, Template] = {}


class Action(Part):
    """One thing to do, without a place in the graph: the body of a map, a part of a parallel step, a compensation."""

    team: TeamAction | None = None
    call: CallAction | None = None
    set: SetAction | None = None
    emit: EmitAction | None = None
    flow: FlowAction | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> Action:
        one_kind(self, ("team", "call", "set", "emit", "flow"))
        return self


class MapAction(Part):
    """Do one thing for each item of a list. The output is {"results": [...], "failed": [{"index", "error"}]}.

    Results keep the order of the items; a skipped or collected failure leaves None in its place.
    """

    over: Template = Field(description="A list, or ${CEL} that gives one; at most 10,000 items.")
    do: Action = Field(description="Sees the item as `item` and its place as `index`.")
    at_once: int = Field(default=10, ge=1, le=200)
    on_failure: Literal["fail", "skip", "collect"] = Field(
        default="fail", description="'skip' forgets failed items, 'collect' lists them in `failed`."
    )


class ParallelAction(Part):
    """Do several things at once and go on when all are done. The output is {name: output}; one failure fails it."""

    do: dict[str, Action] = Field(min_length=1, max_length=50)
    at_once: int = Field(default=10, ge=1, le=50)


def one_kind(part: BaseModel, kinds: tuple[str, ...]) -> str:
    """Return which of these fields a part has.

    Raises:
        ValueError: it has none of them, or several.
    """
    found = [kind for kind in kinds if getattr(part, kind) is not None]
    if len(found) != 1:
        raise ValueError(f"must have exactly one of {', '.join(kinds)}, it has {', '.join(found) or 'none'}")
    return found[0]
