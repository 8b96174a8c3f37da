"""The ways between the steps of a flow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from contracts.flows import Flow, Step
from flows.faults import Path

EdgeKind = Literal["next", "case", "else", "error", "timeout", "deadline", "beyond"]


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A way from one step to another, or to "end".

    Attributes:
        path: where the definition says so.
        label: what makes the flow take it: a condition, a time; empty for `next`.
    """

    source: str
    target: str
    kind: EdgeKind
    path: Path
    label: str = ""


def edges(flow: Flow) -> list[Edge]:
    """All ways, those of one step in the order in which they are tried."""
    return [edge for name, step in flow.steps.items() for edge in _edges_of(name, step)]


def _edges_of(name: str, step: Step) -> Iterator[Edge]:
    at = ("steps", name)
    if step.branch:
        for place, case in enumerate(step.branch.cases):
            path = (*at, "branch", "cases", place, "to")
            yield Edge(source=name, target=case.to, kind="case", path=path, label=case.when)
        yield Edge(source=name, target=step.branch.otherwise, kind="else", path=(*at, "branch", "else"), label="else")
    if step.next:
        yield Edge(source=name, target=step.next, kind="next", path=(*at, "next"))
    yield from _late_edges(name, step, at)
    if step.on_error:
        yield Edge(source=name, target=step.on_error, kind="error", path=(*at, "on_error"), label="on error")
    if step.beyond:
        label = f"after {step.most_visits} visits" if step.most_visits else "too many visits"
        yield Edge(source=name, target=step.beyond, kind="beyond", path=(*at, "beyond"), label=label)


def _late_edges(name: str, step: Step, at: Path) -> Iterator[Edge]:
    if step.wait and step.wait.on_timeout:
        path = (*at, "wait", "on_timeout")
        yield Edge(source=name, target=step.wait.on_timeout, kind="timeout", path=path, label="too late")
    if step.ask and step.ask.on_deadline:
        path = (*at, "ask", "on_deadline")
        yield Edge(source=name, target=step.ask.on_deadline, kind="deadline", path=path, label="no answer in time")


def targets(found: Iterable[Edge]) -> dict[str, list[str]]:
    """Where each step may lead, each once, in order."""
    ways: dict[str, dict[str, None]] = {}
    for edge in found:
        ways.setdefault(edge.source, {})[edge.target] = None
    return {source: list(kept) for source, kept in ways.items()}


def reached(ways: Mapping[str, Collection[str]], starts: Iterable[str]) -> set[str]:
    """All that can be reached from some steps, these included."""
    waiting, found = list(starts), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(ways.get(name, ()))
    return found


def turned(ways: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """The same ways backwards."""
    back: dict[str, list[str]] = {}
    for source, found in ways.items():
        for target in found:
            back.setdefault(target, []).append(source)
    return back


def cycles(ways: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Cycles, at least one through every part that can be gone round in, each as the names from its first step."""
    found: list[list[str]] = []
    left = dict(ways)
    for name in ways:
        cycle = shortest(left, name, name)
        # Taking the step away leaves what can be gone round in without it.
        del left[name]
        if cycle:
            found.append(cycle)
    return found


def shortest(ways: Mapping[str, Collection[str]], start: str, goal: str) -> list[str] | None:
    """The shortest way from a step to another, without the goal itself; None where there is none."""
    came: dict[str, str] = {}
    waiting = [start]
    for name in waiting:
        for target in ways.get(name, ()):
            if target == goal:
                return _walked_back(came, start, name)
            if target not in came and target != start:
                came[target] = name
                waiting.append(target)
    return None


def _walked_back(came: Mapping[str, str], start: str, last: str) -> list[str]:
    path = [last]
    while path[-1] != start:
        path.append(came[path[-1]])
    return path[::-1]
