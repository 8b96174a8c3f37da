"""A walk through a flow with given documents and outputs; see `flows.simulation`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from contracts.decisions import Decision, SeenDocument
from contracts.errors import ExpressionFailed, InvalidExpression
from contracts.flows import END, BranchAction, BranchCase, EventWait, Flow, Step, VisitedStep, WaitAction
from expressions import decisions, evaluator, paths, templates
from flows.given import MOST_STEPS, Given, Simulation
from flows.given_documents import Documents


class Failed(Exception):
    """A step fails; the message says why."""


class Waits(Exception):
    """A step waits for what does not come."""


@dataclass(frozen=True, kw_only=True)
class Went:
    """What a step gave, and where it goes on if not to `next`."""

    output: Any = None
    to: str | None = None
    decision: Decision | None = None


class Walk:
    """Goes from step to step.

    Args:
        flow: the definition.
        given: documents, input, outputs, events.
    """

    def __init__(self, flow: Flow, given: Given) -> None:
        self._flow = flow
        self._given = given
        self._documents = Documents(flow, given.state)
        self._events = list(given.events)
        self._outcomes: dict[str, Any] = {}
        self._visits: dict[str, int] = {}
        self._steps: list[VisitedStep] = []
        self._compensations: list[str] = []
        self._notes: dict[str, None] = {}
        self._decision: Decision | None = None
        self._skipped = 0

    def walked(self) -> Simulation:
        """Walk to the end, and say what happened."""
        position = self._flow.start
        try:
            while position != END and len(self._steps) < MOST_STEPS:
                position = self._visit(position)
        except Failed as failure:
            return self._failed(str(failure))
        except Waits as waits:
            return self._made("waiting", error=str(waits))
        if position != END:
            return self._made("unfinished", error=f"it is not over after {MOST_STEPS:,} steps")
        return self._with_output()

    def _with_output(self) -> Simulation:
        try:
            output = templates.fill(self._flow.output, self._bindings())
        except (ExpressionFailed, InvalidExpression) as error:
            return self._failed(f"the output: {error}")
        return self._made("ended", output=output)

    def _failed(self, error: str) -> Simulation:
        if self._compensations:
            self._note(f"these steps would be taken back: {', '.join(reversed(self._compensations))}")
        return self._made("failed", error=error)

    def _made(
        self,
        outcome: Literal["ended", "failed", "waiting", "unfinished"],
        *,
        output: Any = None,
        error: str | None = None,
    ) -> Simulation:
        return Simulation(
            flow=self._flow.name,
            version=self._flow.version,
            outcome=outcome,
            ended=self._steps[-1].step if self._steps else None,
            steps=tuple(self._steps),
            output=output,
            error=error,
            state=self._documents.there(),
            notes=tuple(self._notes),
        )

    def _visit(self, name: str) -> str:
        step = self._flow.steps.get(name)
        if step is None:
            raise Failed(f"there is no step {name!r}")
        if step.most_visits is not None and self._visits.get(name, 0) >= step.most_visits:
            return self._beyond(name, step)
        self._skipped = 0
        self._visits[name] = self._visits.get(name, 0) + 1
        self._decision = None
        try:
            went = self._do(name, step)
        except Waits:
            self._log(name, step, outcome="running")
            raise
        except (Failed, ExpressionFailed, InvalidExpression) as error:
            return self._gone_wrong(name, step, str(error))
        return self._finished(name, step, went)

    def _finished(self, name: str, step: Step, went: Went) -> str:
        self._outcomes[name] = {"output": went.output, "error": None, "visits": self._visits[name]}
        if step.compensate is not None and went.to is None:
            self._compensations.append(name)
        to = went.to or step.next or END
        self._log(name, step, outcome="done", to=to)
        return to

    def _gone_wrong(self, name: str, step: Step, error: str) -> str:
        self._outcomes[name] = {"output": None, "error": error, "visits": self._visits[name]}
        self._log(name, step, outcome="failed", to=step.on_error, error=error)
        if step.on_error is None:
            raise Failed(f"step {name!r} failed: {error}")
        return step.on_error

    def _beyond(self, name: str, step: Step) -> str:
        self._skipped += 1
        if step.beyond is None or self._skipped > len(self._flow.steps):
            raise Failed(f"step {name!r} was visited {step.most_visits} times, which is its most_visits")
        self._log(name, step, outcome="skipped", to=step.beyond)
        return step.beyond

    def _log(
        self,
        name: str,
        step: Step,
        *,
        outcome: Literal["running", "done", "failed", "skipped"],
        to: str | None = None,
        error: str | None = None,
    ) -> None:
        visited = VisitedStep(
            index=len(self._steps) + 1,
            step=name,
            visit=self._visits[name],
            kind=step.kind,
            outcome=outcome,
            to=to,
            decision=self._decision if outcome != "skipped" else None,
            error=error,
        )
        self._steps.append(visited)

    def _do(self, name: str, step: Step) -> Went:
        if name in self._given.errors:
            raise Failed(self._given.errors[name])
        if step.branch is not None:
            return self._branch(name, step.branch, on_error=step.on_error)
        if step.wait is not None:
            return self._wait(name, step.wait)
        if step.set is not None:
            return Went(output=self._documents.write(step.set.write, self._bindings()))
        if step.emit is not None:
            data = paths.as_text(templates.fill(step.emit.data, self._bindings()))
            self._note(f"step {name!r} would emit {step.emit.type} with {paths.shortened(data)}")
            return Went(output={"id": f"{name}-{self._visits[name]}"})
        return Went(output=self._output(name, step))

    def _output(self, name: str, step: Step) -> Any:
        if visits := self._given.visits.get(name):
            return visits[min(self._visits[name], len(visits)) - 1]
        if name not in self._given.outputs:
            self._note(f"no output is given for step {name!r} ({step.kind}): it is null")
        return self._given.outputs.get(name)

    def _branch(self, name: str, action: BranchAction, *, on_error: str | None) -> Went:
        decision = self._decided(name, action.cases, action.otherwise, on_error=on_error)
        if wrong := next((case.error for case in decision.cases if case.outcome == "error"), None):
            raise Failed(wrong)
        return Went(output={"taken": decision.taken}, to=decision.taken)

    def _decided(
        self, name: str, cases: Iterable[BranchCase], otherwise: str, *, on_error: str | None = None
    ) -> Decision:
        cases = tuple(cases)
        bindings = self._bindings()
        self._decision = decisions.decide(
            name,
            cases,
            otherwise,
            bindings,
            seen=self._seen(cases, bindings),
            visit=self._visits[name],
            on_error=on_error,
        )
        return self._decision

    def _seen(self, cases: Iterable[BranchCase], bindings: Mapping[str, Any]) -> list[SeenDocument]:
        named = {path[0] for case in cases for path in evaluator.prepared(case.when).paths}
        return self._documents.seen(named, bindings)

    def _wait(self, name: str, action: WaitAction) -> Went:
        if action.until is not None:
            decision = self._decided(name, [BranchCase(when=action.until, to="true")], "false")
            if decision.error is not None:
                raise Failed(decision.error)
            came = Went(output={"sequence": 0}) if decision.taken == "true" else None
            return came or self._timed_out(action, f"until {action.until}")
        if action.event is not None:
            event = self._next_event(action.event)
            return Went(output=event) if event else self._timed_out(action, f"for an event {action.event.type}")
        self._note(f"step {name!r} would wait {action.duration or 'until ' + str(action.time)}")
        return Went()

    def _timed_out(self, action: WaitAction, what: str) -> Went:
        if action.timeout is None:
            raise Waits(f"it would wait {what}")
        if action.on_timeout is None:
            raise Failed(f"it would wait {what} and time out after {action.timeout}")
        return Went(to=action.on_timeout)

    def _next_event(self, wait: EventWait) -> dict[str, Any] | None:
        for place, event in enumerate(self._events):
            if self._fits(event, wait):
                return self._events.pop(place)
        return None

    def _fits(self, event: dict[str, Any], wait: EventWait) -> bool:
        if event.get("type") != wait.type or wait.source not in {None, event.get("source")}:
            return False
        return wait.when is None or evaluator.condition(wait.when, {**self._bindings(), "event": event})

    def _bindings(self) -> dict[str, Any]:
        return {**self._documents.values(), "input": self._given.input, "steps": self._outcomes}

    def _note(self, text: str) -> None:
        self._notes[text] = None
