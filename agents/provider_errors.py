"""What a provider's error means: worth another try, and when, or final. Its attributes tell, whoever's class it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from contracts.errors import AgentError, ModelRefused, ModelUnavailable, PerdureError

_RETRIED_STATUS = {408, 409, 425, 429}
_NO_WAITING_HELPS = {"insufficient_quota", "billing_hard_limit_reached"}
_CONNECTION_ERRORS = {"APIConnectionError", "TransportError", "ClientConnectionError", "APITimeoutError"}
_MOST_CHARS = 600


@contextmanager
def translated(model: str) -> Iterator[None]:
    """Within this context, what a model's client raises leaves as `ModelUnavailable` or `ModelRefused`."""
    try:
        yield
    except PerdureError:
        raise
    except Exception as error:
        raise _translate(error, model) from error


def _translate(error: Exception, model: str) -> AgentError:
    if isinstance(error.__cause__, ModelRefused):
        return error.__cause__
    said = " ".join(str(error).split())[:_MOST_CHARS] or type(error).__name__
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _by_status(error, status, f"model {model!r} answered with status {status}: {said}")
    if _is_connection(error) or isinstance(error, OSError | json.JSONDecodeError):
        return ModelUnavailable(f"model {model!r} could not be reached: {_with_cause(error, said)}")
    return ModelRefused(f"model {model!r} failed: {type(error).__name__}: {said}")


def _by_status(error: Exception, status: int, message: str) -> AgentError:
    lasting = getattr(error, "code", None) in _NO_WAITING_HELPS
    if (status in _RETRIED_STATUS or status >= 500) and not lasting:
        return ModelUnavailable(message, retry_after=_retry_after(error))
    return ModelRefused(message)


def _retry_after(error: Exception) -> float | None:
    headers: Any = getattr(getattr(error, "response", None), "headers", {})
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * unit)
        except (KeyError, ValueError):
            continue
    return None


def _is_connection(error: Exception) -> bool:
    return any(base.__name__ in _CONNECTION_ERRORS for base in type(error).__mro__)


def _with_cause(error: Exception, said: str) -> str:
    cause = error.__cause__
    return f"{said} ({' '.join(str(cause).split())[:_MOST_CHARS]})" if cause is not None and str(cause) else said
