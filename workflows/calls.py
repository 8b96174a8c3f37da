"""The activities that flows and hand-written workflows call, with the times and retries of each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy

from contracts.base import Contract
from contracts.decisions import Decision
from contracts.events import Wait
from contracts.flows import Retry
from contracts.payloads import guard
from contracts.steps import (
    DecideRequest,
    Emission,
    EmitEventsRequest,
    FlowToolOutcome,
    FlowToolRequest,
    ReadDocument,
    ReadRequest,
    Resolved,
    ResolveRequest,
    WaitEnded,
    WaitRegistered,
    WriteStateRequest,
    WrittenState,
)
from contracts.texts import cut

_Reply = TypeVar("_Reply")
# A lost worker is noticed after this time without a heartbeat.
_HEARTBEAT = timedelta(seconds=5)
_READ_TIMEOUT = timedelta(seconds=20)
_STORE_TIMEOUT = timedelta(seconds=30)
# The activity bounds one attempt itself, by what the tool's author or the step says.
_TOOL_TIMEOUT = timedelta(days=1)
_TOOL_MARGIN = timedelta(seconds=5)
# Ten tries with these waits last about three minutes: a store's short outage, and nothing else is tried again here.
STORE_RETRIES = RetryPolicy(
    initial_interval=timedelta(seconds=0.2),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=10,
)
# What somebody waits for anyhow is tried until it is told.
_PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=0.2), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
)
# Whether something was done must be known before a cancelled flow takes back what was done.
_WAIT = workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
_ADVICE = "write it into the state and name the document"


async def decide(request: DecideRequest, *, id: str) -> Decision:
    """Read, evaluate and decide, in a local activity: the decision is what history keeps."""
    return await _read("decide", request, kind=Decision, id=id, summary=f"which way from {request.step}")


async def resolve(request: ResolveRequest, *, id: str) -> Resolved:
    """Fill a template, in a local activity."""
    return await _read("resolve", request, kind=Resolved, id=id, summary=f"values for {request.step}")


async def read(request: ReadRequest, *, id: str) -> dict[str, ReadDocument]:
    """Read documents in one snapshot, in a local activity."""
    named = ", ".join(place.name for place in request.documents)[:200]
    return await _read("read_state", request, kind=dict[str, ReadDocument], id=id, summary=named)


async def _read(name: str, request: Contract, *, kind: type[_Reply], id: str, summary: str) -> _Reply:
    done: _Reply = await workflow.execute_local_activity(
        name,
        request,
        activity_id=id,
        result_type=kind,
        start_to_close_timeout=_READ_TIMEOUT,
        retry_policy=STORE_RETRIES,
        summary=summary,
    )
    return done


async def write_state(request: WriteStateRequest, *, id: str, limit: timedelta | None = None) -> WrittenState:
    """Write documents, all or none."""
    guard(f"what step {request.step!r} writes", request, advice="write less at once")
    done: WrittenState = await workflow.execute_activity(
        "write_state",
        request,
        activity_id=id,
        result_type=WrittenState,
        start_to_close_timeout=limit or _STORE_TIMEOUT,
        heartbeat_timeout=_HEARTBEAT,
        cancellation_type=_WAIT,
        retry_policy=STORE_RETRIES,
        summary=_summary(f"{request.step}: {', '.join(_written(request))}"),
    )
    return done


async def call_tool(request: FlowToolRequest, *, id: str, retry: Retry) -> FlowToolOutcome:
    """Call a registered tool."""
    guard(f"what step {request.step!r} hands to tool {request.tool!r}", request, advice=_ADVICE)
    limit = _TOOL_TIMEOUT if request.seconds is None else timedelta(seconds=request.seconds) + _TOOL_MARGIN
    done: FlowToolOutcome = await workflow.execute_activity(
        "call_flow_tool",
        request,
        activity_id=id,
        result_type=FlowToolOutcome,
        start_to_close_timeout=limit,
        heartbeat_timeout=_HEARTBEAT,
        cancellation_type=_WAIT,
        retry_policy=policy(retry),
        summary=_summary(f"{request.step}: {request.tool}"),
    )
    return done


async def emit(
    request: EmitEventsRequest, *, id: str, limit: timedelta | None = None, patient: bool = False
) -> Emission:
    """Emit events.

    Args:
        request: what to emit.
        id: id of the activity.
        limit: of one attempt.
        patient: try until it is done, for what nobody waits for.
    """
    guard("what is emitted", request, advice=_ADVICE)
    done: Emission = await workflow.execute_activity(
        "emit_events",
        request,
        activity_id=id,
        result_type=Emission,
        start_to_close_timeout=limit or _STORE_TIMEOUT,
        heartbeat_timeout=_HEARTBEAT,
        cancellation_type=_WAIT,
        retry_policy=_PATIENT if patient else STORE_RETRIES,
        summary=_summary(", ".join(event.type for event in request.events)),
    )
    return done


async def register_wait(wait: Wait, *, id: str) -> WaitRegistered:
    """Have the relay signal this workflow from now on."""
    guard("what is waited for", wait, advice="name less in its condition")
    done: WaitRegistered = await workflow.execute_activity(
        "register_wait",
        wait,
        activity_id=id,
        result_type=WaitRegistered,
        start_to_close_timeout=_STORE_TIMEOUT,
        heartbeat_timeout=_HEARTBEAT,
        retry_policy=STORE_RETRIES,
        summary=_summary(wait.type or ", ".join("/".join(place) for place in wait.documents)),
    )
    return done


async def unregister_wait(wait: str, *, id: str) -> None:
    """Be signalled no more."""
    await workflow.execute_activity(
        "unregister_wait",
        WaitEnded(wait=wait),
        activity_id=id,
        start_to_close_timeout=_STORE_TIMEOUT,
        heartbeat_timeout=_HEARTBEAT,
        retry_policy=STORE_RETRIES,
        summary="the wait is over",
    )


def policy(retry: Retry) -> RetryPolicy:
    """A step's retries, as Temporal calls them."""
    return RetryPolicy(
        initial_interval=max(retry.first_delay, timedelta(milliseconds=1)),
        backoff_coefficient=retry.backoff,
        maximum_interval=max(retry.longest_delay, retry.first_delay, timedelta(milliseconds=1)),
        maximum_attempts=retry.attempts,
    )


def _written(request: WriteStateRequest) -> list[Any]:
    named = [assignment.document for assignment in request.assignments]
    return named + [f"{write.namespace}/{write.key}" for write in request.writes]


def _summary(text: str) -> str:
    return cut(text, 120)
