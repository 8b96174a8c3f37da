"""Signals to workflows, each made once however often its delivery is repeated."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from temporalio.api.common.v1 import Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from contracts.base import Contract
from contracts.errors import NotFound
from contracts.events import Event, Woken
from contracts.payloads import guard

_RPC_TIMEOUT = timedelta(seconds=10)


class Signals:
    """Signals workflows of one namespace.

    Args:
        client: connection to Temporal; its owner is the caller.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def hand_over(self, event: Event, *, run: str, by: str) -> None:
        """Signal an event to a run or flow.

        Args:
            event: the event.
            run: its workflow id.
            by: name of the trigger.

        Raises:
            NotFound: no such run is open.
            PayloadTooLarge: the event is larger than 256 KiB.
            RPCError: Temporal does not answer.
        """
        guard("the event", event, advice="keep its data in a document and emit its place")
        if not await self._signal(run, "event", event, once=f"{by}\n{event.sequence}"):
            raise NotFound(f"no run {run!r} is open that trigger {by!r} could hand the event to: it is tried again")

    async def wake(self, woken: Woken, *, workflow: str) -> bool:
        """Signal a workflow that waits; False if it is not open any more.

        Raises:
            PayloadTooLarge: the event is larger than 256 KiB.
            RPCError: Temporal does not answer.
        """
        guard("the event", woken, advice="keep its data in a document and emit its place")
        return await self._signal(workflow, "wake", woken, once=f"{woken.wait}\n{woken.sequence}")

    async def _signal(self, workflow: str, name: str, value: Contract, *, once: str) -> bool:
        """Send a signal; the server passes over a second one with the same request id to the same workflow."""
        request = SignalWorkflowExecutionRequest(
            namespace=self._client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow),
            signal_name=name,
            input=Payloads(payloads=await self._client.data_converter.encode([value])),
            identity=self._client.identity,
            request_id=hashlib.sha256(once.encode()).hexdigest(),
        )
        try:
            await self._client.workflow_service.signal_workflow_execution(request, retry=True, timeout=_RPC_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return True
