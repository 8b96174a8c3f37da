"""Builds flows in Python, with types, by one method for each kind of step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, Self, TypedDict, Unpack

from pydantic import ValidationError

from contracts.flows import Action, Assignment, Escalation, EventWait, Flow, Retry
from contracts.runs import Budget
from flows.checking import check
from flows.faults import Fault
from flows.loading import shape_faults
from flows.sources import refuse

Time = timedelta | str


class Common(TypedDict, total=False):
    """What every kind of step takes besides its own. See `contracts.flows.Step`."""

    title: str
    retry: Retry
    on_error: str
    compensate: Action
    most_visits: int
    beyond: str


class Timed(Common, total=False):
    """What steps take that do something, and do not just wait or decide."""

    timeout: Time


class FlowBuilder:
    """Collects the steps of a flow. Every method returns the builder; `build` checks and returns the flow.

        flow = (
            FlowBuilder("greeting", input={"type": "object", "required": ["name"]})
            .team("write", name="writer", task="Greet ${input.name}", next="end")
            .build()
        )

    Args:
        name: name of the flow.
        version: raised by you when the flow changes.
        description: one line for people.
        input: JSON Schema of the input.
        start: the first step; by default the one that is added first.
    """

    def __init__(
        self,
        name: str,
        *,
        version: str = "1",
        description: str = "",
        input: Mapping[str, Any] | None = None,
        start: str | None = None,
    ) -> None:
        self._name = name
        self._start = start
        self._definition: dict[str, Any] = {
            "name": name,
            "version": version,
            "description": description,
            "input": dict(input) if input is not None else {"type": "object"},
        }
        self._documents: dict[str, Any] = {}
        self._steps: dict[str, Any] = {}
        self._faults: list[Fault] = []

    def document(self, name: str, *, namespace: str, key: str, json_schema: Mapping[str, Any] | None = None) -> Self:
        """Declare a document of the state store. See `contracts.flows.BoundDocument`."""
        self._refuse_twice("documents", name, self._documents)
        self._documents[name] = _given(namespace=namespace, key=key, json_schema=json_schema)
        return self

    def output(self, template: Any) -> Self:
        """Say what the flow returns, with ${CEL}."""
        self._definition["output"] = template
        return self

    def team(
        self,
        step: str,
        *,
        name: str,
        task: str,
        next: str,
        model: str | None = None,
        budget: Budget | None = None,
        user: str | None = None,
        session: str | None = None,
        answer_schema: Mapping[str, Any] | None = None,
        **common: Unpack[Timed],
    ) -> Self:
        """Add a step that runs a team. See `contracts.flows.TeamAction`."""
        action = _given(
            name=name, task=task, model=model, budget=budget, user=user, session=session, answer_schema=answer_schema
        )
        return self._add(step, "team", action, next=next, common=common)

    def call(
        self,
        step: str,
        *,
        tool: str,
        next: str,
        arguments: Mapping[str, Any] | None = None,
        **common: Unpack[Timed],
    ) -> Self:
        """Add a step that calls a tool. See `contracts.flows.CallAction`."""
        return self._add(step, "call", _given(tool=tool, arguments=arguments), next=next, common=common)

    def set(
        self,
        step: str,
        *write: Assignment,
        next: str,
        why: str | None = None,
        **common: Unpack[Timed],
    ) -> Self:
        """Add a step that writes documents. See `contracts.flows.SetAction`."""
        return self._add(step, "set", _given(write=write, why=why), next=next, common=common)

    def branch(self, step: str, *cases: tuple[str, str], otherwise: str, **common: Unpack[Common]) -> Self:
        """Add a branch: pairs of a condition and the step that it leads to. See `contracts.flows.BranchAction`."""
        action = {"cases": [{"when": when, "to": to} for when, to in cases], "else": otherwise}
        return self._add(step, "branch", action, next=None, common=common)

    def wait(
        self,
        step: str,
        *,
        next: str,
        until: str | None = None,
        event: EventWait | None = None,
        duration: Time | None = None,
        time: str | None = None,
        timeout: Time | None = None,
        on_timeout: str | None = None,
        **common: Unpack[Common],
    ) -> Self:
        """Add a step that waits for one thing. `timeout` is that of the wait. See `contracts.flows.WaitAction`."""
        action = _given(until=until, event=event, duration=duration, time=time, timeout=timeout, on_timeout=on_timeout)
        return self._add(step, "wait", action, next=next, common=common)

    def ask(
        self,
        step: str,
        *,
        question: str,
        next: str,
        of: str | None = None,
        json_schema: Mapping[str, Any] | None = None,
        deadline: Time | None = None,
        on_deadline: str | None = None,
        escalations: Sequence[Escalation] = (),
        **common: Unpack[Common],
    ) -> Self:
        """Add a step that asks a person. See `contracts.flows.AskAction`."""
        action = _given(
            question=question,
            of=of,
            json_schema=json_schema,
            deadline=deadline,
            on_deadline=on_deadline,
            escalations=tuple(escalations),
        )
        return self._add(step, "ask", action, next=next, common=common)

    def emit(
        self,
        step: str,
        *,
        type: str,
        next: str,
        subject: str | None = None,
        data: Any = None,
        **common: Unpack[Timed],
    ) -> Self:
        """Add a step that emits an event. See `contracts.flows.EmitAction`."""
        return self._add(step, "emit", _given(type=type, subject=subject, data=data), next=next, common=common)

    def map(
        self,
        step: str,
        *,
        over: str | Sequence[Any],
        do: Action,
        next: str,
        at_once: int = 10,
        on_failure: Literal["fail", "skip", "collect"] = "fail",
        **common: Unpack[Timed],
    ) -> Self:
        """Add a step that does one thing for each item of a list. See `contracts.flows.MapAction`."""
        action = _given(over=over, do=do, at_once=at_once, on_failure=on_failure)
        return self._add(step, "map", action, next=next, common=common)

    def parallel(
        self,
        step: str,
        *,
        do: Mapping[str, Action],
        next: str,
        at_once: int = 10,
        **common: Unpack[Timed],
    ) -> Self:
        """Add a step that does several things at once. See `contracts.flows.ParallelAction`."""
        return self._add(step, "parallel", _given(do=dict(do), at_once=at_once), next=next, common=common)

    def flow(
        self,
        step: str,
        *,
        name: str,
        next: str,
        input: Mapping[str, Any] | None = None,
        **common: Unpack[Timed],
    ) -> Self:
        """Add a step that runs another flow. See `contracts.flows.FlowAction`."""
        return self._add(step, "flow", _given(name=name, input=input), next=next, common=common)

    def build(
        self,
        *,
        others: Mapping[str, Flow] | None = None,
        teams: Collection[str] | None = None,
        tools: Collection[str] | None = None,
    ) -> Flow:
        """Return the flow, checked as `flows.checking.check` does.

        Raises:
            InvalidFlow: with all its faults.
        """
        start = self._start or next(iter(self._steps), "")
        definition = {**self._definition, "documents": self._documents, "start": start, "steps": self._steps}
        try:
            flow = Flow.model_validate(definition)
        except ValidationError as error:
            refuse(self._name, [*self._faults, *shape_faults(error)])
            raise
        refuse(self._name, self._faults)
        check(flow, others=others, teams=teams, tools=tools)
        return flow

    def _add(self, step: str, kind: str, action: Mapping[str, Any], *, next: str | None, common: Common) -> Self:
        self._refuse_twice("steps", step, self._steps)
        self._steps[step] = _given(**{kind: action}, next=next, **common)
        return self

    def _refuse_twice(self, kind: str, name: str, there: Collection[str]) -> None:
        if name in there:
            self._faults.append(Fault(path=(kind, name), message="is added twice: remove one"))


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
