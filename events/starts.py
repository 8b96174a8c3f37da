"""Starts of runs and flows by events: one event and one trigger make one start, whatever is repeated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping

from pydantic import ValidationError

from contracts.errors import BadRequest
from contracts.events import StartFlow, StartTeam
from contracts.flows import Flow, FlowRequest
from contracts.payloads import guard
from contracts.remembering import MemoryPolicy
from contracts.runs import RunRequest, Scope
from events import faults

# Returns a registered flow and those that it runs as children; raises UnknownName.
FlowOf = Callable[[str], tuple[Flow, Mapping[str, Flow]]]
# Starts a run or a flow under the id that the request names; where that was started before, closed or not, nothing.
Start = Callable[[RunRequest | FlowRequest], Awaitable[object]]
_ADVICE = "let the trigger hand on less, or the place of a document"


def workflow_id(tenant: str, trigger: str, source: str, event_id: str) -> str:
    """Return the id of the run that an event starts by a trigger."""
    parts = json.dumps([tenant, trigger, source, event_id])
    return f"event-{hashlib.sha256(parts.encode()).hexdigest()[:32]}"


class Starts:
    """Starts what triggers name.

    Args:
        start: starts a workflow, once for each id.
        flow_of: finds flows by name.
        memory: how runs use memory where they work for somebody; None: not at all.
    """

    def __init__(self, start: Start, *, flow_of: FlowOf, memory: MemoryPolicy | None = None) -> None:
        self._start = start
        self._flow_of = flow_of
        self._memory = memory

    async def team(self, start: StartTeam, *, id_: str) -> None:
        """Start a run of a team, unless it was started before.

        Raises:
            BadRequest: the task or another text is wrong, or too large.
            BackendUnavailable: Temporal does not answer.
        """
        try:
            scope = Scope(user=start.user, session=start.session)
            memory = self._memory if scope.is_somebody else None
            request = RunRequest(run_id=id_, team=start.team, task=start.task, scope=scope, memory=memory)
        except ValidationError as error:
            raise BadRequest(f"team {start.team!r} cannot be started: {faults.told(error)}") from error
        guard("the request", request, advice=_ADVICE)
        await self._start(request)

    async def flow(self, start: StartFlow, *, id_: str, tenant: str) -> None:
        """Start a flow, unless it was started before.

        Raises:
            UnknownName: no such flow is registered.
            BadRequest: the branch's name is wrong, or flow and input together are too large.
            BackendUnavailable: Temporal does not answer.
        """
        flow, others = self._flow_of(start.flow)
        try:
            request = FlowRequest(
                run_id=id_,
                flow=flow,
                flows=dict(others),
                input=start.input,
                tenant=tenant,
                branch=start.branch,
                memory=self._memory,
            )
        except ValidationError as error:
            raise BadRequest(f"flow {start.flow!r} cannot be started: {faults.told(error)}") from error
        guard("the request", request, advice=_ADVICE)
        await self._start(request)
