"""Start workflows so that they are found again, each id once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel
from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from contracts.errors import Conflict
from perdure import inspection
from perdure.connection import RPC_TIMEOUT, TASK_QUEUE, answering

# A worker that dies in a workflow task is noticed after this time; the default is 10 s. It must not be shorter than the
# replay of a long history, which would never come to an end: 1,400 model calls in one history take some 4 s.
_TASK_TIMEOUT = timedelta(seconds=8)


@dataclass(frozen=True, kw_only=True)
class Order:
    """A workflow to be started.

    Attributes:
        workflow: its type.
        run_id: its workflow id.
        request: its one argument.
        memo: what lists show of it.
        attributes: by what it is found; None and what the server does not know are left out.
        summary: one line for the Temporal UI.
        details: Markdown for the Temporal UI.
    """

    workflow: str
    run_id: str
    request: BaseModel
    memo: Mapping[str, str | None]
    attributes: Mapping[str, str | None]
    summary: str
    details: str


class Starter:
    """Starts workflows on one server.

    Attributes:
        attributes: the search attributes that the server knows.
    """

    def __init__(self, client: Client, *, attributes: frozenset[str]) -> None:
        self._client = client
        self.attributes = attributes

    async def start(self, order: Order) -> str:
        """Start a workflow, or find the one that is there, ended ones too; return the id of its first part.

        Raises:
            Conflict: something else has this id.
            BackendUnavailable: Temporal does not answer.
        """
        try:
            async with answering(self._client):
                return await self._start(order, self._typed(order.attributes))
        except RPCError as error:
            if error.status is not RPCStatusCode.INVALID_ARGUMENT or "earch attribute" not in error.message:
                raise
            # Registered a moment ago, and not yet known to all of the server.
            self.attributes = frozenset()
            return await self._start(order, None)

    async def _start(self, order: Order, attributes: TypedSearchAttributes | None) -> str:
        try:
            handle = await self._client.start_workflow(
                order.workflow,
                order.request,
                id=order.run_id,
                task_queue=TASK_QUEUE,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                task_timeout=_TASK_TIMEOUT,
                memo=order.memo,
                search_attributes=attributes,
                static_summary=order.summary,
                static_details=order.details,
                rpc_timeout=RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return await self._existing(order)
        return handle.first_execution_run_id or await self._existing(order)

    async def _existing(self, order: Order) -> str:
        seen = await inspection.look(self._client, order.run_id)
        if seen.workflow != order.workflow:
            raise Conflict(f"the id {order.run_id!r} belongs to a {seen.workflow} already: choose another")
        return seen.first

    def _typed(self, attributes: Mapping[str, str | None]) -> TypedSearchAttributes | None:
        pairs = [
            SearchAttributePair(SearchAttributeKey.for_keyword(name), value)
            for name, value in attributes.items()
            if value is not None and name in self.attributes
        ]
        return TypedSearchAttributes(pairs) if pairs else None
