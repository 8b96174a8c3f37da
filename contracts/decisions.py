"""What a branch saw and which way it took."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from contracts.base import Contract


class SeenDocument(Contract):
    """A document that was read for a decision. `version` is None where it was not there (bound to {})."""

    name: str = Field(description="Name by which conditions call it.")
    namespace: str
    key: str
    version: int | None


class Case(Contract):
    """One case of a branch. "not reached" means that an earlier case was true."""

    when: str
    outcome: Literal["true", "false", "error", "not reached"]
    error: str | None = None
    to: str


class Decision(Contract):
    """The evidence of a branch or of a condition that was waited for. Replay reads it and never evaluates again.

    Attributes:
        step: id of the step; `visit` counts its executions from 1.
        sequence: the state store's sequence that all documents were read at.
        values: what the conditions referred to, by path; long values are cut.
        taken: where it goes on: a step, "end", or for a wait "true" or "false".
        reason: one line for people.
        error: set where a case could not be evaluated and the step has no `on_error`.
    """

    step: str
    visit: int = 1
    sequence: int
    documents: tuple[SeenDocument, ...] = ()
    values: dict[str, Any] = {}
    cases: tuple[Case, ...] = ()
    taken: str | None = None
    reason: str = ""
    error: str | None = None
