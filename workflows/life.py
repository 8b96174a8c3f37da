"""A flow tells that it began and how it ended, by events."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio import workflow

from contracts.events import FLOW_ENDED, FLOW_STARTED
from contracts.flows import FlowRequest
from workflows import calls
from workflows.actions import Actions, event_of, new_id
from workflows.failures import FAILURES, explained
from workflows.flow_state import FlowState
from workflows.spot import Spot


class Life:
    """Tells of one flow.

    Args:
        request: the flow's request.
        state: learns at which sequence the flow began.
        actions: what emits.
    """

    def __init__(self, request: FlowRequest, state: FlowState, actions: Actions) -> None:
        self._request = request
        self._state = state
        self._actions = actions
        self._beginning: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Tell that the flow begins, beside its first step."""
        self._beginning = asyncio.create_task(self._begin())

    async def begun(self) -> int | None:
        """The sequence at which the flow began; None if that could not be told."""
        if self._beginning is not None:
            await asyncio.shield(self._beginning)
        return self._state.since

    async def end(self, how: str, **more: Any) -> None:
        """Tell how the flow ended."""
        await self.begun()
        await self._tell(FLOW_ENDED, {"ended": how, "step": self._state.ended, **more})

    async def _begin(self) -> None:
        self._state.since = await self._tell(FLOW_STARTED, {"input": self._request.input})

    async def _tell(self, kind: str, data: dict[str, Any]) -> int | None:
        name = kind.rpartition(".")[2]
        spot = Spot(step="flow", visit=1, part=f"~{name}")
        told = {"run": self._request.run_id, "flow": self._request.flow.name, **data}
        try:
            event = event_of(self._request, id=new_id(name), type=kind, subject=self._request.run_id, data=told)
            return (await calls.emit(self._actions.emission(event, spot), id=f"flow~{name}")).sequence
        except FAILURES as error:
            # The flow is worth more than the word of it.
            failure = explained(error)
            if failure is None:
                raise
            workflow.logger.warning("%s could not be told: %s", kind, failure)
            return None
