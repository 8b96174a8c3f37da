"""All actions of a flow: of its steps, of what maps and parallel steps do, and of compensations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.flows import Action, Flow, Step
from flows.faults import Path


@dataclass(frozen=True, kw_only=True)
class PlacedAction:
    """An action and its place."""

    path: Path
    action: Action | Step
    in_map: bool = False


def actions(flow: Flow) -> Iterator[PlacedAction]:
    """Every action, a step itself included."""
    for name, step in flow.steps.items():
        at = ("steps", name)
        yield PlacedAction(path=at, action=step)
        if step.map:
            yield PlacedAction(path=(*at, "map", "do"), action=step.map.do, in_map=True)
        for part, action in (step.parallel.do if step.parallel else {}).items():
            yield PlacedAction(path=(*at, "parallel", "do", part), action=action)
        if step.compensate:
            yield PlacedAction(path=(*at, "compensate"), action=step.compensate)
