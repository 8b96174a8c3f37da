"""Everything that Perdure raises, split by who must act.

PerdureError
├── CallerError            the caller asked for something that cannot be
│   ├── BadRequest         a field is wrong (empty task, control characters, too large)
│   │   ├── PayloadTooLarge    a value is larger than a history may hold
│   │   ├── InvalidExpression  a condition does not compile, or names what is not there
│   │   ├── InvalidFlow        a flow's definition has faults, each with its place
│   │   ├── SchemaViolation    a value does not fit its JSON schema
│   │   └── AnswerRefused      an answer does not fit what was asked, or nothing is asked
│   ├── NotFound           there is no such run
│   │   └── UnknownName    a team, model, tool or flow of that name is not registered
│   ├── Conflict           somebody or something else stands against it
│   │   ├── VersionConflict    a document has another version than was expected
│   │   ├── IllegalTransition  a state machine does not allow that way
│   │   └── LeaseLost      the lease has ended, or somebody else has it
│   ├── Forbidden          the caller may not write there
│   └── NotDurable         a team holds a part that cannot run inside a workflow
├── OperatorError          the machine or its configuration must be mended
│   ├── ConfigurationError a setting, an app module or a price is missing or wrong
│   ├── BackendUnavailable Temporal (or a store) does not answer
│   └── IdempotencyMismatch    one key came back with another request
└── AgentError             the run itself failed
    ├── RunFailed          the run ended without a result; carries the run id
    │   └── RunCancelled   the run was cancelled
    ├── RunStuck           the workflow task of the run fails again and again
    ├── TeamBuildFailed    the team's factory raised
    ├── TeamFailed         the team raised while it conversed
    ├── ModelRefused       the model's provider said no for good
    ├── ModelUnavailable   the model's provider may answer later
    ├── ToolFailed         a tool raised, or returned what cannot be sent on
    ├── BudgetExhausted    a limit of the run's budget is spent
    ├── ExpressionFailed   a condition could not be evaluated with the values that were there
    └── StepFailed         a step of a flow failed for good
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


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


class InvalidExpression(BadRequest):
    """A condition does not compile, has the wrong types, or names what is not there.

    Attributes:
        expression: the text.
        line, column: where the fault is, from 1.
    """

    def __init__(self, message: str, *, expression: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"line {line}, column {column} of {expression!r}: {message}")
        self.reason = message
        self.expression = expression
        self.line = line
        self.column = column


class InvalidFlow(BadRequest):
    """A flow's definition has faults.

    Attributes:
        faults: one line each, with its place in the definition.
    """

    def __init__(self, name: str, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"the flow {name!r} cannot run:\n" + "\n".join(f"  {fault}" for fault in self.faults))


class SchemaViolation(BadRequest):
    """A value does not fit its JSON schema; the message names the field and the rule."""


class AnswerRefused(BadRequest):
    """An answer does not fit what was asked, or nothing is asked; the message says what would fit."""


class NotFound(CallerError):
    """There is no such run, document, version, branch or lease."""


class UnknownName(NotFound):
    """Nothing of that kind is registered under that name; the message offers the nearest names.

    Attributes:
        kind: "team", "model", "tool" or "flow".
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


class Forbidden(CallerError):
    """The caller may not write there; the message names whose it is. What may not be read is `NotFound`."""

    exit_code = 5


class NotDurable(CallerError):
    """A team holds a part whose effects a workflow cannot keep; the message names it and the remedy."""


class Conflict(CallerError):
    """Somebody or something else stands against the change; read again and decide anew."""

    exit_code = 4


class VersionConflict(Conflict):
    """A document has another version than was expected.

    Attributes:
        place: "namespace/key" and the branch.
        expected: the version, or "absent".
        found: the current version; None where it is not there.
    """

    def __init__(self, place: str, *, expected: int | str, found: int | None) -> None:
        there = "it is not there" if found is None else f"it has version {found}"
        super().__init__(f"{place} was expected to be {_version(expected)}, and {there}: read it again and decide anew")
        self.place = place
        self.expected = expected
        self.found = found


class IllegalTransition(Conflict):
    """A namespace's state machine does not allow that way.

    Attributes:
        place: "namespace/key" and the branch.
        source: the state it is in; None for a new document.
        target: the state that was asked for.
        allowed: what is allowed from there, as "event -> state".
    """

    def __init__(self, place: str, *, source: str | None, target: str | None, allowed: Iterable[str], why: str) -> None:
        self.place = place
        self.source = source
        self.target = target
        self.allowed = tuple(allowed)
        ways = ", ".join(self.allowed) or "nothing"
        super().__init__(f"{place} cannot go from {source!r} to {target!r} ({why}); allowed from here: {ways}")


class LeaseLost(Conflict):
    """The lease has ended, or somebody else has it.

    Attributes:
        name: name of the lease.
        token: the token that was handed in.
    """

    def __init__(self, name: str, *, token: int, why: str) -> None:
        super().__init__(f"the lease {name!r} with token {token} does not hold any more ({why}): take it again")
        self.name = name
        self.token = token


class OperatorError(PerdureError):
    """The machine or its configuration must be mended before this can work."""

    exit_code = 3


class ConfigurationError(OperatorError):
    """A setting, an app module or a price is missing or wrong."""


class BackendUnavailable(OperatorError):
    """A server that is needed does not answer; the message gives its address and the remedy."""


class IdempotencyMismatch(OperatorError):
    """An idempotency key came back with another request: its recorded answer is somebody else's."""


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


class ExpressionFailed(AgentError):
    """A condition could not be evaluated; it counts neither as true nor as false.

    Attributes:
        expression: the text.
        values: what it referred to, by path.
    """

    def __init__(self, message: str, *, expression: str, values: dict[str, Any]) -> None:
        seen = ", ".join(f"{path} = {value!r}"[:200] for path, value in values.items()) or "nothing"
        super().__init__(f"{expression!r} cannot be evaluated: {message}; it referred to {seen}")
        self.expression = expression
        self.values = values


class StepFailed(AgentError):
    """A step of a flow failed for good.

    Attributes:
        step: its name.
    """

    def __init__(self, message: str, *, step: str) -> None:
        super().__init__(message)
        self.step = step


def _version(expected: int | str) -> str:
    return "absent" if expected == "absent" else f"at version {expected}"
