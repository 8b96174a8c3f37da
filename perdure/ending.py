"""How a workflow ends: wait for it, ask for it, tell what came of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import NoReturn, TypeVar

from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode

from contracts.base import Contract
from perdure import failures, following, inspection
from perdure.connection import RPC_TIMEOUT, answering

_STUCK_CHECK_SECONDS = 2
_FIRST_PATIENCE_SECONDS = 4.0
_LONGEST_PATIENCE_SECONDS = 30.0
_Result = TypeVar("_Result", bound=Contract)


async def ended(client: Client, run_id: str, *, first: str, kind: type[_Result]) -> _Result:
    """Wait for the end of a workflow and return its result.

    Raises:
        WorkflowFailureError: it ended without one.
        BackendUnavailable: Temporal does not answer.
    """
    handle = client.get_workflow_handle(run_id, run_id=first, result_type=kind)
    patience = _FIRST_PATIENCE_SECONDS
    while True:
        # Measured: once in some hundred times the server does not say that a run has ended to who waits for it, and is
        # silent for 20 s. Who asks again is told at once.
        with suppress(TimeoutError):
            async with asyncio.timeout(patience), answering(client):
                result: _Result = await handle.result()
                return result
        patience = min(2 * patience, _LONGEST_PATIENCE_SECONDS)


async def result(
    client: Client,
    run_id: str,
    *,
    first: str,
    kind: type[_Result],
    timeout: float | None = None,  # noqa: ASYNC109 - the end of the wait is told by an error of ours
    wait_when_stuck: bool = False,
) -> _Result:
    """Wait for the end of a workflow and return its result, with errors of ours.

    Args:
        client: connection to Temporal.
        run_id: its workflow id.
        first: Temporal's id of its first part.
        kind: type of the result.
        timeout: how long to wait, in seconds; None means without end.
        wait_when_stuck: go on waiting, however often its workflow task fails.

    Raises:
        RunFailed: it ended without a result; `kind` says why.
        RunStuck: its workflow task fails again and again.
        TimeoutError: the time is over.
        BackendUnavailable: Temporal does not answer.
    """
    waiting = asyncio.create_task(_told(client, run_id, first=first, kind=kind))
    watch = [] if wait_when_stuck else [asyncio.create_task(_stuck(client, run_id))]
    try:
        done, _ = await asyncio.wait([waiting, *watch], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise TimeoutError(f"run {run_id!r} has not ended after {timeout:g} s; it goes on")
        return waiting.result() if waiting in done else await watch[0]
    finally:
        for task in (waiting, *watch):
            task.cancel()
        await asyncio.gather(waiting, *watch, return_exceptions=True)


async def cancel(client: Client, run_id: str) -> None:
    """Ask a workflow to stop. Cancelling one that has ended changes nothing.

    Raises:
        NotFound: there is no such run.
        BackendUnavailable: Temporal does not answer.
    """
    async with answering(client):
        try:
            await client.get_workflow_handle(run_id).cancel(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
    await inspection.look(client, run_id)


async def _told(client: Client, run_id: str, *, first: str, kind: type[_Result]) -> _Result:
    try:
        return await ended(client, run_id, first=first, kind=kind)
    except WorkflowFailureError as error:
        raise failures.raised(run_id, failures.of(error)) from error


async def _stuck(client: Client, run_id: str) -> NoReturn:
    """Watch a workflow and raise once it is stuck."""
    while True:
        await asyncio.sleep(_STUCK_CHECK_SECONDS)
        await following.refuse_stuck(client, run_id)
