"""What finished steps did is taken back, the last one first, when their flow fails or is cancelled."""

from __future__ import annotations

from contracts.flows import FlowRequest
from workflows.actions import Actions
from workflows.failures import FAILURES, explained
from workflows.flow_state import FlowState
from workflows.sight import Sight
from workflows.spot import Spot


async def undo(request: FlowRequest, state: FlowState, actions: Actions) -> list[str]:
    """Run all compensations, each whatever became of the others, and return what went wrong."""
    faults: list[str] = []
    while state.compensations:
        done = state.compensations.pop()
        step = request.flow.steps[done.step]
        if step.compensate is None:
            continue
        sight = Sight(request=request, steps=state.steps).remembering(done.bound)
        spot = Spot(step=done.step, visit=done.visit, part="~undo", retry=step.retry)
        try:
            await actions.run(step.compensate, spot, sight)
        except FAILURES as error:
            failure = explained(error)
            if failure is None:
                raise
            faults.append(f"what {done.step!r} did could not be taken back: {failure}")
    return faults
