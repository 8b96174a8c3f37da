"""Look at a run from outside: what Temporal knows of it without asking a worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import WorkflowExecution as ExecutionName
from temporalio.api.enums.v1 import EventType, PendingWorkflowTaskState
from temporalio.api.failure.v1 import Failure as RawFailure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import (
    GetWorkflowExecutionHistoryRequest,
    GetWorkflowExecutionHistoryReverseRequest,
)
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from contracts.errors import NotFound
from contracts.runs import RunRequest
from perdure.connection import FLOW_WORKFLOW, RPC_TIMEOUT, answering
from perdure.descriptions import PendingActivity, RunStatus, RunSummary

_STATUS: dict[WorkflowExecutionStatus, RunStatus] = {
    WorkflowExecutionStatus.RUNNING: "running",
    WorkflowExecutionStatus.COMPLETED: "completed",
    WorkflowExecutionStatus.FAILED: "failed",
    WorkflowExecutionStatus.CANCELED: "cancelled",
    WorkflowExecutionStatus.TERMINATED: "terminated",
    WorkflowExecutionStatus.TIMED_OUT: "timed_out",
    # The parts of a long run follow each other; whoever sees one in between sees a run that goes on.
    WorkflowExecutionStatus.CONTINUED_AS_NEW: "running",
}
# A workflow task that failed is tried again at once. If that does not help within some seconds, the SDK lets each
# further attempt time out without a word. A task that only timed out may have lost its worker.
_FAILED_ATTEMPTS = 2
_FAILED_AGE = timedelta(seconds=2.5)
_TIMED_OUT_ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look at a run has shown.

    Attributes:
        summary: the run as a list shows it.
        workflow: type of the workflow, "AgentRun" or "FlowRun".
        first: Temporal's id of the run's first part.
        pending: calls that it waits for.
        attempt: how often its next workflow task was tried already, 0 if there is none.
        unclaimed: how long its next workflow task has waited for any worker to take it.
    """

    summary: RunSummary
    workflow: str
    first: str
    pending: tuple[PendingActivity, ...]
    attempt: int
    unclaimed: timedelta


async def look(client: Client, run_id: str) -> Look:
    """Look at a run.

    Raises:
        NotFound: there is no such run.
        BackendUnavailable: Temporal does not answer.
    """
    async with answering(client):
        try:
            found = await client.get_workflow_handle(run_id).describe(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND or "amespace" in error.message:
                raise
            raise NotFound(f"there is no run {run_id!r}: `perdure runs` lists those that are there") from error
    return Look(
        summary=await summary(found),
        workflow=found.workflow_type,
        first=found.raw_description.workflow_execution_info.first_run_id or found.run_id,
        pending=tuple(_pending(raw) for raw in found.raw_description.pending_activities),
        attempt=_attempt(found),
        unclaimed=_unclaimed(found),
    )


async def summary(execution: WorkflowExecution) -> RunSummary:
    """Return what a list shows of a run."""
    memo = await execution.memo()
    return RunSummary(
        run_id=execution.id,
        team=memo.get("team") or "",
        flow=memo.get("flow") or "" if execution.workflow_type == FLOW_WORKFLOW else None,
        status=_STATUS[execution.status or WorkflowExecutionStatus.RUNNING],
        user=memo.get("user"),
        session=memo.get("session"),
        started=execution.start_time,
        closed=execution.close_time,
    )


async def request_of(client: Client, run_id: str, *, first: str) -> RunRequest | None:
    """Return what a run was asked; None if its first event is gone or was written by something else."""
    request = GetWorkflowExecutionHistoryRequest(
        namespace=client.namespace,
        execution=ExecutionName(workflow_id=run_id, run_id=first),
        maximum_page_size=1,
    )
    async with answering(client):
        page = await client.workflow_service.get_workflow_execution_history(request, timeout=RPC_TIMEOUT)
    events = page.history.events
    if not events or not events[0].workflow_execution_started_event_attributes.input.payloads:
        return None
    payloads = events[0].workflow_execution_started_event_attributes.input.payloads
    decoded = await client.data_converter.decode(payloads, [RunRequest])
    return decoded[0] if isinstance(decoded[0], RunRequest) else None


async def stuck(client: Client, run_id: str) -> str | None:
    """Return why the run's workflow task fails again and again; None if it does not.

    Raises:
        NotFound: there is no such run.
        BackendUnavailable: Temporal does not answer.
    """
    seen = await look(client, run_id)
    return await why_stuck(client, seen)


async def why_stuck(client: Client, seen: Look) -> str | None:
    """Return why the workflow task of a run fails again and again; None if it does not."""
    if seen.attempt < _FAILED_ATTEMPTS:
        return None
    failed = await _last_failed_task(client, seen.summary.run_id)
    if failed and failed.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
        lasting = seen.attempt > _FAILED_ATTEMPTS or _age(failed) >= _FAILED_AGE
        return _failure_line(failed.workflow_task_failed_event_attributes.failure) if lasting else None
    if seen.attempt < _TIMED_OUT_ATTEMPTS:
        return None
    return f"its workflow task timed out {seen.attempt - 1} times in a row: see the worker's log"


async def _last_failed_task(client: Client, run_id: str) -> HistoryEvent | None:
    request = GetWorkflowExecutionHistoryReverseRequest(
        namespace=client.namespace, execution=ExecutionName(workflow_id=run_id), maximum_page_size=20
    )
    async with answering(client):
        page = await client.workflow_service.get_workflow_execution_history_reverse(request, timeout=RPC_TIMEOUT)
    wanted = (EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED, EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT)
    return next((event for event in page.history.events if event.event_type in wanted), None)


def _age(event: HistoryEvent) -> timedelta:
    return datetime.now(UTC) - event.event_time.ToDatetime(UTC)


def _attempt(found: WorkflowExecutionDescription) -> int:
    if found.status is not WorkflowExecutionStatus.RUNNING:
        return 0
    return found.raw_description.pending_workflow_task.attempt


def _unclaimed(found: WorkflowExecutionDescription) -> timedelta:
    task = found.raw_description.pending_workflow_task
    if task.state != PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED:
        return timedelta()
    return max(datetime.now(UTC) - _time(task.scheduled_time), timedelta())


def _pending(raw: PendingActivityInfo) -> PendingActivity:
    return PendingActivity(
        activity_id=raw.activity_id,
        name=raw.activity_type.name,
        attempt=raw.attempt,
        last_failure=_failure_line(raw.last_failure) if raw.HasField("last_failure") else None,
        next_attempt=_time(raw.scheduled_time) if raw.attempt > 1 and raw.HasField("scheduled_time") else None,
    )


def _failure_line(failure: RawFailure) -> str:
    line = " ".join(failure.message.split())
    kind = failure.application_failure_info.type
    return f"{kind}: {line}" if kind and not line.startswith(kind) else line


def _time(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)
