"""What Temporal says of a run that ended badly, in our words."""

from __future__ import annotations

from temporalio.client import WorkflowFailureError
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    FailureError,
    TerminatedError,
    TimeoutError,
)

from contracts import errors
from perdure.descriptions import Failure


def of(error: WorkflowFailureError) -> Failure:
    """Return the first cause of a run's failure: its type and one line."""
    cause = _first_cause(error.cause)
    if isinstance(cause, CancelledError):
        return Failure(kind="RunCancelled", message="the run was cancelled")
    if isinstance(cause, TerminatedError):
        return Failure(kind="Terminated", message=_line(cause, "the run was terminated"))
    if isinstance(cause, TimeoutError):
        return Failure(kind="TimedOut", message=_line(cause, "the run took longer than it may"))
    if isinstance(cause, ApplicationError):
        return Failure(kind=cause.type or "RunFailed", message=_line(cause, "the run failed"))
    return Failure(kind=type(cause).__name__, message=str(cause))


def raised(run_id: str, failure: Failure) -> errors.RunFailed:
    """Return the error to raise for a failure. Its exit code is that of the failure's own type."""
    if failure.kind == "RunCancelled":
        return errors.RunCancelled(f"run {run_id!r} was cancelled", run_id=run_id, kind=failure.kind)
    error = errors.RunFailed(failure.message, run_id=run_id, kind=failure.kind)
    kind = getattr(errors, failure.kind, None)
    if isinstance(kind, type) and issubclass(kind, errors.PerdureError):
        error.exit_code = kind.exit_code
    return error


def _first_cause(cause: BaseException) -> BaseException:
    while isinstance(cause, (ActivityError, ChildWorkflowError)) and cause.cause is not None:
        cause = cause.cause
    return cause


def _line(cause: FailureError, default: str) -> str:
    return " ".join(cause.message.split()) or default
