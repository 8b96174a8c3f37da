"""Starts of runs and flows by events: one event and one trigger make one start, whatever is repeated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError

from contracts.base import Contract
from contracts.errors import BadRequest
from contracts.events import StartFlow, StartTeam
from contracts.flows import Flow, FlowRequest
from contracts.payloads import guard
from contracts.runs import RunRequest, Scope

FlowOf = Callable[[str], tuple[Flow, Mapping[str, Flow]]]
_RPC_TIMEOUT = timedelta(seconds=10)
# As the client starts them: a worker that dies in a workflow task is noticed after this time.
_TASK_TIMEOUT = timedelta(seconds=8)


def workflow_id(tenant: str, trigger: str, source: str, event_id: str) -> str:
    """Return the id of the run that an event starts by a trigger."""
    parts = json.dumps([tenant, trigger, source, event_id])
    return f"event-{hashlib.sha256(parts.encode()).hexdigest()[:32]}"


class Starts:
    """Starts workflows of one namespace on one task queue.

    Args:
        client: connection to Temporal; its owner is the caller.
        task_queue: where workers ask for work.
        flow_of: returns a registered flow and those that it runs as children; raises UnknownName.
        attributes: the search attributes that the server knows.
    """

    def __init__(
        self, client: Client, *, task_queue: str, flow_of: FlowOf, attributes: frozenset[str] = frozenset()
    ) -> None:
        self._client = client
        self._task_queue = task_queue
        self._flow_of = flow_of
        self._attributes = attributes

    async def team(self, start: StartTeam, *, id_: str) -> None:
        """Start a run of a team, unless it was started before.

        Raises:
            BadRequest: the task or another text is wrong.
            RPCError: Temporal does not answer.
        """
        try:
            scope = Scope(user=start.user, session=start.session)
            request = RunRequest(run_id=id_, team=start.team, task=start.task, scope=scope)
        except ValidationError as error:
            raise BadRequest(f"team {start.team!r} cannot be started: {error}") from error
        found = {"PerdureTeam": start.team, "PerdureUser": start.user, "PerdureSession": start.session}
        memo = {"team": start.team, "user": start.user, "session": start.session}
        await self._start("AgentRun", request, id_=id_, found=found, memo=memo)

    async def flow(self, start: StartFlow, *, id_: str, tenant: str) -> None:
        """Start a flow, unless it was started before.

        Raises:
            UnknownName: no such flow is registered.
            BadRequest: the branch's name is wrong.
            PayloadTooLarge: flow and input together are larger than 256 KiB.
            RPCError: Temporal does not answer.
        """
        flow, others = self._flow_of(start.flow)
        try:
            request = FlowRequest(
                run_id=id_, flow=flow, flows=dict(others), input=start.input, tenant=tenant, branch=start.branch
            )
        except ValidationError as error:
            raise BadRequest(f"flow {start.flow!r} cannot be started: {error}") from error
        await self._start("FlowRun", request, id_=id_, found={"PerdureFlow": flow.name}, memo={"flow": flow.name})

    async def _start(
        self, workflow: str, request: Contract, *, id_: str, found: Mapping[str, str | None], memo: Mapping[str, Any]
    ) -> None:
        guard("the request", request, advice="let the trigger hand on less, or a document's place")
        try:
            await self._client.start_workflow(
                workflow,
                request,
                id=id_,
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                task_timeout=_TASK_TIMEOUT,
                memo=memo,
                search_attributes=self._search_attributes({**found, "PerdurePhase": "running"}),
                static_summary=f"{next(iter(found.values()))}: by an event",
                rpc_timeout=_RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return

    def _search_attributes(self, values: Mapping[str, str | None]) -> TypedSearchAttributes:
        return TypedSearchAttributes(
            [
                SearchAttributePair(SearchAttributeKey.for_keyword(name), value)
                for name, value in values.items()
                if value is not None and name in self._attributes
            ]
        )
