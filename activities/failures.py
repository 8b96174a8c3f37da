"""How an error of ours becomes a failure of Temporal's: whether it is tried again, and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio.exceptions import ApplicationError

from contracts.errors import AgentError, BackendUnavailable, CallerError, ModelUnavailable, OperatorError, PerdureError

# The first class in this table that an error is an instance of decides whether it is tried again.
_RETRIED: tuple[tuple[type[PerdureError], bool], ...] = (
    (ModelUnavailable, True),
    (BackendUnavailable, True),
    (CallerError, False),
    (OperatorError, False),
    (AgentError, False),
)


def as_failure(error: PerdureError) -> ApplicationError:
    """The failure that says the same, with the error's class as its type and the provider's `retry-after`."""
    retried = next((again for kind, again in _RETRIED if isinstance(error, kind)), False)
    wait = error.retry_after if isinstance(error, ModelUnavailable) else None
    return ApplicationError(
        str(error),
        type=type(error).__name__,
        non_retryable=not retried,
        next_retry_delay=None if wait is None else timedelta(seconds=wait),
    )


@contextmanager
def as_failures() -> Iterator[None]:
    """Within this context an error of ours leaves as a failure of Temporal's."""
    try:
        yield
    except PerdureError as error:
        raise as_failure(error) from error
