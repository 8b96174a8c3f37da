"""What can be said of a run from outside."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from contracts.base import Contract
from contracts.flows import FlowResult
from contracts.runs import RunResult

RunStatus = Literal["running", "completed", "failed", "cancelled", "terminated", "timed_out"]


class RunSummary(Contract):
    """A run as a list shows it."""

    run_id: str = Field(description="Id of the run.")
    team: str = Field(description="Name of its team; empty for flows, and for runs that were started by other means.")
    flow: str | None = Field(default=None, description="Name of the flow, where the run is one.")
    status: RunStatus = Field(description="Where it stands.")
    user: str | None = Field(default=None, description="The person it serves.")
    session: str | None = Field(default=None, description="The conversation it belongs to.")
    started: datetime = Field(description="When it was started, UTC.")
    closed: datetime | None = Field(default=None, description="When it ended, UTC; None while it runs.")


class PendingActivity(Contract):
    """A call that a run waits for."""

    activity_id: str = Field(description="Who calls and the how-manieth time, such as `support/writer:3`.")
    name: str = Field(description="What kind of call, such as `call_model`.")
    attempt: int = Field(description="Which attempt is under way or comes next, from 1.")
    last_failure: str | None = Field(default=None, description="Why the last attempt failed.")
    next_attempt: datetime | None = Field(default=None, description="When the next attempt comes, UTC.")


class Failure(Contract):
    """Why a run ended without a result."""

    kind: str = Field(description='Type of the failure, such as "ModelRefused".')
    message: str = Field(description="One line: what was wrong and what to do.")


class RunDescription(RunSummary):
    """A run in full, but for its conversation."""

    task: str = Field(default="", description="What the team was asked to do.")
    result: RunResult | None = Field(default=None, description="What it returned.")
    failure: Failure | None = Field(default=None, description="Why it returned nothing.")
    pending: tuple[PendingActivity, ...] = Field(default=(), description="Calls that it waits for.")
    stuck: str | None = Field(default=None, description="Why its workflow task fails again and again, if it does.")


class FlowDescription(RunSummary):
    """A flow in full, but for its steps."""

    version: str = Field(default="", description="Version of the definition that it keeps.")
    input: dict[str, Any] = Field(default={}, description="What it was started with.")
    result: FlowResult | None = Field(default=None, description="What it returned.")
    failure: Failure | None = Field(default=None, description="Why it returned nothing.")
    pending: tuple[PendingActivity, ...] = Field(default=(), description="Calls that it waits for.")
    stuck: str | None = Field(default=None, description="Why its workflow task fails again and again, if it does.")
