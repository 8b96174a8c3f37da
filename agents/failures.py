"""What ends a run, as the failure that its workflow closes with: one clear line and the type of the first error."""

from __future__ import annotations

from temporalio.exceptions import ActivityError, ApplicationError, FailureError, TimeoutError, is_cancelled_exception

from contracts.errors import PerdureError


def as_failure(error: Exception | SystemExit, *, built: bool) -> BaseException:
    """The failure to close the workflow with; a cancellation stays what it is.

    Args:
        error: what was raised.
        built: whether the team was there already; before that, it is its factory that raised.
    """
    if is_cancelled_exception(error):
        return error
    if isinstance(error, ActivityError):
        return _of_activity(error)
    if isinstance(error, PerdureError):
        return _final(str(error), type(error).__name__)
    if isinstance(error, FailureError):
        return error
    said = f"{type(error).__name__}: {error}"
    if built:
        return _final(f"the team failed: {said}", "TeamFailed")
    return _final(f"the team could not be built: {said}", "TeamBuildFailed")


def _of_activity(error: ActivityError) -> BaseException:
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return _final(cause.message, cause.type or "ModelRefused")
    if isinstance(cause, TimeoutError):
        kind = cause.type.name.lower().replace("_", " ") if cause.type is not None else "time"
        return _final(f"{error.activity_type} {error.activity_id!r} ran out of its {kind} time", "ModelUnavailable")
    return error


def _final(message: str, type_: str) -> ApplicationError:
    return ApplicationError(message, type=type_, non_retryable=True)
