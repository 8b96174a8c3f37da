"""Checks of the graph: every way leads somewhere, every step is reached, every flow ends."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.flows import END, Flow, Step
from flows.faults import Fault, Path, meant
from flows.graph import Edge, cycles, edges, reached, targets, turned

_UNTIMED = {
    "ask": "use `ask.deadline`",
    "branch": "a branch takes no time",
    "wait": "use `wait.timeout`",
}


def graph_faults(flow: Flow) -> Iterator[Fault]:
    """Everything that is wrong with the ways between the steps."""
    found = edges(flow)
    yield from _unknown_steps(flow, found)
    yield from _dead_ends(flow)
    yield from _pointless_ways(flow)
    yield from _unreachable(flow, found)
    yield from _endless(flow, found)
    yield from _unbounded(flow, found)


def _unknown_steps(flow: Flow, found: list[Edge]) -> Iterator[Fault]:
    known = {END, *flow.steps}
    if flow.start not in flow.steps:
        yield Fault(path=("start",), message=f"there is no step {flow.start!r}{meant(flow.start, flow.steps)}")
    for edge in found:
        if edge.target not in known:
            yield Fault(path=edge.path, message=f"there is no step {edge.target!r}{meant(edge.target, known)}")


def _dead_ends(flow: Flow) -> Iterator[Fault]:
    for name, step in flow.steps.items():
        at = ("steps", name)
        if step.next is None and step.branch is None:
            yield Fault(path=at, message="leads nowhere: add `next`, a step or 'end'", at_name=True)
        if step.next is not None and step.branch is not None:
            yield Fault(path=(*at, "next"), message="a branch goes where its cases and `else` say: remove `next`")


def _pointless_ways(flow: Flow) -> Iterator[Fault]:
    for name, step in flow.steps.items():
        at = ("steps", name)
        if step.timeout and step.kind in _UNTIMED:
            yield Fault(path=(*at, "timeout"), message=f"has no effect here: {_UNTIMED[step.kind]}")
        yield from _never_taken(step, at)


def _never_taken(step: Step, at: Path) -> Iterator[Fault]:
    """Ways that lack what leads to them."""
    if step.beyond and step.most_visits is None:
        yield Fault(path=(*at, "beyond"), message="is never taken: add `most_visits`")
    if step.wait and step.wait.on_timeout and step.wait.timeout is None:
        yield Fault(path=(*at, "wait", "on_timeout"), message="is never taken: add `timeout`")
    if step.ask and step.ask.on_deadline and step.ask.deadline is None:
        yield Fault(path=(*at, "ask", "on_deadline"), message="is never taken: add `deadline`")


def _unreachable(flow: Flow, found: list[Edge]) -> Iterator[Fault]:
    if flow.start not in flow.steps:
        return
    there = reached(targets(found), [flow.start])
    for name in flow.steps:
        if name not in there:
            yield Fault(
                path=("steps", name),
                message=f"no way leads here from the start {flow.start!r}: name it in a `next` or `to`, or remove it",
                at_name=True,
            )


def _endless(flow: Flow, found: list[Edge]) -> Iterator[Fault]:
    """Steps that lead on, but never to the end. A step that leads nowhere, or to an unknown one, was told of before."""
    ways = targets(found)
    stops = [name for name, step in flow.steps.items() if not ways.get(name)]
    unknown = [edge.target for edge in found if edge.target not in flow.steps]
    ending = reached(turned(ways), [END, *stops, *unknown])
    for name in flow.steps:
        if name not in ending:
            yield Fault(
                path=("steps", name),
                message="no way leads from here to 'end': let one of its steps go there",
                at_name=True,
            )


def _unbounded(flow: Flow, found: list[Edge]) -> Iterator[Fault]:
    """Cycles that nothing stops. A step whose visits are spent lets the flow pass to `beyond` only."""
    bounded = {name for name, step in flow.steps.items() if step.most_visits is not None}
    ways = targets(
        edge for edge in found if edge.target != END and (edge.source not in bounded or edge.kind == "beyond")
    )
    for cycle in cycles(ways):
        yield Fault(path=("steps", cycle[0]), message=_round(cycle, bounded), at_name=True)


def _round(cycle: list[str], bounded: set[str]) -> str:
    trip = " -> ".join([*cycle, cycle[0]])
    if bounded.isdisjoint(cycle):
        why = "none of its steps has `most_visits`: give one of them `most_visits`"
    else:
        why = "`beyond` leads into it again: let `beyond` lead out of it"
    return f"the cycle {trip} has no bound, as {why}"
