"""What made a step fail, in one line with its kind, whoever raised it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    FailureError,
    TerminatedError,
    TimeoutError,
    is_cancelled_exception,
)

from contracts.errors import PerdureError, StepFailed

# What may end a step. Anything else is a fault of the engine: the workflow's task fails, and goes on once it is mended.
FAILURES = (PerdureError, FailureError)
ENDINGS = (*FAILURES, asyncio.CancelledError)
# These say the same again, whoever asks.
_LASTING = frozenset(
    {
        "AnswerRefused",
        "BadRequest",
        "BudgetExhausted",
        "ConfigurationError",
        "IllegalTransition",
        "InvalidExpression",
        "InvalidFlow",
        "LeaseLost",
        "NotDurable",
        "NotFound",
        "PayloadTooLarge",
        "RunCancelled",
        "UnknownName",
    }
)
_MOST_CHARACTERS = 2_000


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a step failed."""

    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"

    @property
    def may_pass(self) -> bool:
        """Whether another attempt may end otherwise."""
        return self.kind not in _LASTING


def explained(error: BaseException) -> Failure | None:
    """Say why a step failed; None for what is no failure of a step: a cancellation, or a fault of the engine."""
    if is_cancelled_exception(error) and workflow.cancellation_reason() is not None:
        return None
    if isinstance(error, StepFailed) and isinstance(error.__cause__, Exception):
        return explained(error.__cause__)
    if isinstance(error, ActivityError | ChildWorkflowError):
        return _outside(error)
    if isinstance(error, PerdureError):
        return _failure(type(error).__name__, str(error))
    if isinstance(error, ApplicationError):
        return _failure(error.type or "ApplicationError", error.message)
    return _failure(type(error).__name__, str(error)) if isinstance(error, FailureError) else None


def _outside(error: ActivityError | ChildWorkflowError) -> Failure:
    what = f"{error.activity_type} {error.activity_id!r}" if isinstance(error, ActivityError) else error.workflow_id
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return _failure(cause.type or "ApplicationError", cause.message)
    if isinstance(cause, TimeoutError):
        kind = cause.type.name.lower().replace("_", " ") if cause.type is not None else "time"
        return _failure("TimedOut", f"{what} ran out of its {kind} time")
    if isinstance(cause, CancelledError | TerminatedError):
        return _failure("RunCancelled", f"{what} was cancelled from outside")
    return _failure(type(cause or error).__name__, f"{what}: {cause or error}")


def _failure(kind: str, message: str) -> Failure:
    return Failure(kind=kind, message=message[:_MOST_CHARACTERS])
