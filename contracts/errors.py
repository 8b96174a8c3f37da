"""Everything that Perdure raises, split by who must act.

PerdureError
├── CallerError            the caller asked for something that cannot be
│   ├── BadRequest         a field is wrong (empty task, control characters, too large)
│   │   └── PayloadTooLarge    a value is larger than a history may hold
│   ├── NotFound           there is no such run
│   │   └── UnknownName    a team, model or tool of that name is not registered
│   └── NotDurable         a team holds a part that cannot run inside a workflow
├── OperatorError          the machine or its configuration must be mended
│   ├── ConfigurationError a setting, an app module or a price is missing or wrong
│   ├── BackendUnavailable Temporal (or a store) does not answer
│   └── IdempotencyMismatch    one activity id came back with another request
└── AgentError             the run itself failed
    ├── RunFailed          the run ended without a result; carries the run id
    │   └── RunCancelled   the run was cancelled
    ├── RunStuck           the workflow task of the run fails again and again
    ├── TeamBuildFailed    the team's factory raised
    ├── TeamFailed         the team raised while it conversed
    ├── ModelRefused       the model's provider said no for good
    ├── ModelUnavailable   the model's provider may answer later
    ├── ToolFailed         a tool raised, or returned what cannot be sent on
    └── BudgetExhausted    a limit of the run's budget is spent
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PerdureError(Exception):
    """The base of all errors that Perdure raises on purpose."""

    exit_code = 1


class CallerError(PerdureError):
    """The caller asked for something that cannot be; change the call."""

    exit_code = 2


class BadRequest(CallerError):
    """A field of the request is wrong; the message names the field, its value and the limit."""


class PayloadTooLarge(BadRequest):
    """A value is larger than one event of a history may hold.

    Attributes:
        what: name of the value.
        size: its size in bytes.
        limit: the largest size allowed, in bytes.
    """

    def __init__(self, what: str, *, size: int, limit: int, advice: str) -> None:
        super().__init__(f"{what} is {size:,} bytes, more than the {limit:,} bytes that one event may hold: {advice}")
        self.what = what
        self.size = size
        self.limit = limit


class NotFound(CallerError):
    """There is no run with that id."""


class UnknownName(NotFound):
    """Nothing of that kind is registered under that name; the message offers the nearest names.

    Attributes:
        kind: "team", "model" or "tool".
        name: the name that was asked for.
        known: the names that are there.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(sorted(known))
        super().__init__(f"unknown {kind} {name!r}{self._advice()}")

    def _advice(self) -> str:
        nearest = difflib.get_close_matches(self.name, self.known, n=3, cutoff=0.5)
        if nearest:
            return f": did you mean {' or '.join(map(repr, nearest))}?"
        if self.known:
            return f": there are {', '.join(map(repr, self.known[:10]))}"
        return f": no {self.kind} is registered; name your module in PERDURE_APP"


class NotDurable(CallerError):
    """A team holds a part whose effects a workflow cannot keep; the message names it and the remedy."""


class OperatorError(PerdureError):
    """The machine or its configuration must be mended before this can work."""

    exit_code = 3


class ConfigurationError(OperatorError):
    """A setting, an app module or a price is missing or wrong."""


class BackendUnavailable(OperatorError):
    """A server that is needed does not answer; the message gives its address and the remedy."""


class IdempotencyMismatch(OperatorError):
    """An activity id came back with another request: its recorded answer is somebody else's."""


class AgentError(PerdureError):
    """The run itself failed: its team, its model or one of its tools."""


class RunFailed(AgentError):
    """The run ended without a result.

    Attributes:
        run_id: the run's id.
        kind: the type of the first failure, such as "ModelRefused".
    """

    def __init__(self, message: str, *, run_id: str, kind: str) -> None:
        super().__init__(message)
        self.run_id = run_id
        self.kind = kind


class RunCancelled(RunFailed):
    """The run was cancelled before it ended."""

    exit_code = 130


class RunStuck(AgentError):
    """The run's workflow task fails again and again; the run is kept and goes on once the cause is mended."""

    exit_code = 3


class TeamBuildFailed(AgentError):
    """The team's factory raised; the message holds its error."""


class TeamFailed(AgentError):
    """The team raised while it conversed; the message holds its error."""


class ModelRefused(AgentError):
    """The model's provider refused for good (wrong key, unknown model, context too long, malformed answer)."""


class ModelUnavailable(AgentError):
    """The model's provider may answer later (busy, overloaded, unreachable, timed out).

    Attributes:
        retry_after: seconds that the provider asked to wait; None if it said nothing.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ToolFailed(AgentError):
    """A tool raised, or returned what is not JSON or is too large; the model is told so."""


class BudgetExhausted(AgentError):
    """A limit of the run's budget is spent.

    Attributes:
        limit: the field of `Budget` that is spent.
    """

    def __init__(self, message: str, *, limit: str) -> None:
        super().__init__(message)
        self.limit = limit
