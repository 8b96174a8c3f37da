"""Says which way a flow would go with given documents and outputs. Nothing is run, read or written."""

from __future__ import annotations

from contracts.flows import Flow
from flows.given import MOST_STEPS, Given, Simulation
from flows.walk import Walk

__all__ = ["MOST_STEPS", "Given", "Simulation", "simulate"]


def simulate(flow: Flow, given: Given | None = None) -> Simulation:
    """Walk through a flow without running anything.

    Branches and waits on state are really decided, each with its evidence; `set` steps change the given documents;
    all other steps give the output that is given, or null and a note. Times pass at once, and a wait on state whose
    condition does not hold times out.

    Args:
        flow: a definition that `flows.checking.check` accepts.
        given: what it begins with.
    """
    return Walk(flow, given or Given()).walked()
