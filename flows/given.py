"""What a simulation begins with, and what comes out."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from contracts.base import Contract
from contracts.flows import VisitedStep

MOST_STEPS = 10_000


class Given(Contract):
    """What a simulation begins with.

    Args:
        state: values of documents, by the names that the flow gives them; those that are left out are not there.
        input: of the flow.
        outputs: of steps, by name, for each visit.
        visits: of steps, by name: the output of the first visit, the second, …; the last one stays.
        errors: of steps that fail, by name: what their error says.
        events: what comes, in this order: {"type", "source", "subject", "data", …}.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: dict[str, Any] = Field(default={})
    input: dict[str, Any] = Field(default={})
    outputs: dict[str, Any] = Field(default={})
    visits: dict[str, tuple[Any, ...]] = Field(default={})
    errors: dict[str, str] = Field(default={})
    events: tuple[dict[str, Any], ...] = ()


class Simulation(Contract):
    """Which way a flow would go.

    Attributes:
        outcome: it ended, failed, waits for what is not given, or is not over after 10,000 steps.
        ended: the last step.
        state: values of documents at the end, by name.
        notes: what was not given, and what would be done.
    """

    flow: str
    version: str
    outcome: Literal["ended", "failed", "waiting", "unfinished"]
    ended: str | None = None
    steps: tuple[VisitedStep, ...] = ()
    output: Any = None
    error: str | None = None
    state: dict[str, Any] = Field(default={})
    notes: tuple[str, ...] = Field(default=(), description="Each once, in the order of the steps.")
