"""Finds every expression of a flow, with its place, its step and what it may name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from contracts.errors import InvalidExpression
from contracts.flows import Action, Flow, Step
from expressions import paths
from flows.faults import Fault, Path
from flows.names import Names, Schema

NamesOf = Mapping[str, Schema | None]


@dataclass(frozen=True, kw_only=True)
class Expression:
    """One expression.

    Attributes:
        text: what stands between ${ and }, or the whole condition.
        names: what it may name, with schemas.
        step: the step that evaluates it; None for the output of the flow and the keys of documents.
        expects: what it must give.
        in_map: it stands in the body of a map.
    """

    path: Path
    text: str
    names: NamesOf
    step: str | None
    expects: Literal["bool", "list", "any"] = "any"
    in_map: bool = False

    @property
    def expects_kind(self) -> Literal["bool", "any"]:
        """What the checker of expressions is asked to make sure of."""
        return "bool" if self.expects == "bool" else "any"


Found = Iterator[Expression | Fault]


def expressions(flow: Flow, names: Names) -> Found:
    """All expressions of a flow, and faults of templates that cannot be taken apart."""
    for name, document in flow.documents.items():
        yield from _template(("documents", name, "key"), document.key, names=names.for_key(), step=None)
    for name, step in flow.steps.items():
        yield from _of_step(name, step, names)
    yield from _template(("output",), flow.output, names=names.for_state(), step=None)


def _of_step(name: str, step: Step, names: Names) -> Found:
    at, state = ("steps", name), names.for_state()

    def fill(path: Path, template: Any, **more: Any) -> Found:
        return _template((*at, *path), template, names=state, step=name, **more)

    if step.branch:
        for place, case in enumerate(step.branch.cases):
            yield _condition((*at, "branch", "cases", place, "when"), case.when, names=state, step=name)
    yield from _of_wait(name, step, names)
    if step.ask:
        yield from fill(("ask", "question"), step.ask.question)
    if step.map:
        yield from fill(("map", "over"), step.map.over, expects="list")
        in_map = names.for_state(over=step.map.over)
        yield from _of_action((*at, "map", "do"), step.map.do, names=in_map, step=name, in_map=True)
    if step.parallel:
        for part, action in step.parallel.do.items():
            yield from _of_action((*at, "parallel", "do", part), action, names=state, step=name)
    yield from _of_action(at, step, names=state, step=name)
    if step.compensate:
        yield from _of_action((*at, "compensate"), step.compensate, names=state, step=name)


def _of_wait(name: str, step: Step, names: Names) -> Found:
    if step.wait is None:
        return
    at = ("steps", name, "wait")
    if step.wait.until:
        yield _condition((*at, "until"), step.wait.until, names=names.for_state(), step=name)
    if step.wait.event and step.wait.event.when:
        yield _condition((*at, "event", "when"), step.wait.event.when, names=names.for_event(), step=name)
    yield from _template((*at, "time"), step.wait.time, names=names.for_state(), step=name)


def _of_action(at: Path, action: Action | Step, **context: Any) -> Found:
    for path, template in _templates(action).items():
        yield from _template((*at, *path), template, **context)


def _templates(action: Action | Step) -> dict[Path, Any]:
    """What an action fills, by its place in it."""
    if action.team:
        return {("team", part): getattr(action.team, part) for part in ("task", "user", "session")}
    if action.call:
        return {("call", "arguments"): action.call.arguments}
    if action.emit:
        return {("emit", part): getattr(action.emit, part) for part in ("subject", "data")}
    if action.flow:
        return {("flow", "input"): action.flow.input}
    written = enumerate(action.set.write if action.set else ())
    return {("set", "write", place, part): getattr(one, part) for place, one in written for part in ("put", "patch")}


def _condition(path: Path, text: str, *, names: NamesOf, step: str) -> Expression:
    return Expression(path=path, text=text, names=names, step=step, expects="bool")


def _template(path: Path, template: Any, **context: Any) -> Found:
    if isinstance(template, Mapping):
        for name, part in template.items():
            yield from _template((*path, name), part, **context)
    elif isinstance(template, list | tuple):
        for place, part in enumerate(template):
            yield from _template((*path, place), part, **(context | {"expects": "any"}))
    elif isinstance(template, str):
        yield from _of_text(path, template, **context)


def _of_text(path: Path, text: str, **context: Any) -> Found:
    try:
        pieces = paths.parts(text)
    except InvalidExpression as error:
        yield Fault(path=path, message=error.reason, excerpt=text, offset=error.column - 1 if error.line == 1 else 0)
        return
    alone = len(pieces) == 1
    for piece in pieces:
        if piece.is_expression:
            kept = context if alone else context | {"expects": "any"}
            yield Expression(path=path, text=piece.text, **kept)
