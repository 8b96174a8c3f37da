"""What ends a run, as the failure that its workflow closes with: one clear line and the type of the first error."""

from __future__ import annotations

from temporalio.exceptions import ActivityError, ApplicationError, FailureError, TimeoutError, is_cancelled_exception

from contracts.errors import PerdureError
from contracts.runs import Usage


def as_failure(error: Exception | SystemExit, *, built: bool, usage: Usage | None = None) -> BaseException:
    """The failure to close the workflow with; a cancellation stays what it is.

    Args:
        error: what was raised.
        built: whether the team was there already; before that, it is its factory that raised.
        usage: what the run has used; a flow that the run belongs to counts it.
    """
    if is_cancelled_exception(error):
        return error
    if isinstance(error, ActivityError):
        return _of_activity(error, usage)
    if isinstance(error, PerdureError):
        return _final(str(error), type(error).__name__, usage)
    if isinstance(error, FailureError):
        return error
    said = f"{type(error).__name__}: {error}"
    if built:
        return _final(f"the team failed: {said}", "TeamFailed", usage)
    return _final(f"the team could not be built: {said}", "TeamBuildFailed", usage)


def _of_activity(error: ActivityError, usage: Usage | None) -> BaseException:
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return _final(cause.message, cause.type or "ModelRefused", usage)
    if isinstance(cause, TimeoutError):
        kind = cause.type.name.lower().replace("_", " ") if cause.type is not None else "time"
        return _final(
            f"{error.activity_type} {error.activity_id!r} ran out of its {kind} time", "ModelUnavailable", usage
        )
    return error


def _final(message: str, type_: str, usage: Usage | None) -> ApplicationError:
    details = [] if usage is None else [usage.model_dump()]
    return ApplicationError(message, *details, type=type_, non_retryable=True)
