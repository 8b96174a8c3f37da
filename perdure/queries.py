"""Ask a workflow by query, which a worker must answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from contracts.base import Contract
from perdure.connection import answering

_TIMEOUT = timedelta(seconds=3)
# The run exists and Temporal answers, but no worker can answer for the run just now: it starts, is away or fails.
_NOT_NOW = {
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.RESOURCE_EXHAUSTED,
}
_Reply = TypeVar("_Reply", bound=Contract)


async def ask(
    client: Client, run_id: str, query: str, *arguments: Any, part: str | None = None, kind: type[_Reply]
) -> _Reply | None:
    """Ask a workflow; None if no worker can answer just now.

    Args:
        client: connection to Temporal.
        run_id: the workflow's id.
        query: name of the query.
        arguments: its arguments.
        part: Temporal's id of the part that is asked, by default the last.
        kind: type of the reply.

    Raises:
        BackendUnavailable: Temporal does not answer.
    """
    handle = client.get_workflow_handle(run_id, run_id=part)
    async with answering(client):
        try:
            reply: _Reply = await handle.query(query, args=arguments, result_type=kind, rpc_timeout=_TIMEOUT)
        except WorkflowQueryFailedError:
            return None
        except RPCError as error:
            if error.status in _NOT_NOW:
                return None
            raise
    return reply
