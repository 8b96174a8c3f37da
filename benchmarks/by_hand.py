"""Workflows as one would write them without AutoGen: what the engine is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from temporalio import activity, workflow

from agents.dispatch import HEARTBEAT_TIMEOUT, MODEL_TIMEOUT, RETRIES
from benchmarks.app import STEPS

TASK_QUEUE = "by-hand"


@dataclass(frozen=True, kw_only=True)
class Call:
    """An activity and what it is asked, read from the history of a real run."""

    activity: str
    activity_id: str
    request: BaseModel
    outcome: type[BaseModel]


@dataclass
class Script:
    """The calls that `ByHand` makes, in order."""

    calls: Sequence[Call] = ()


SCRIPT = Script()


@workflow.defn
class ByHand:
    """Makes the same calls as a team, with the same requests, one after another."""

    @workflow.run
    async def run(self) -> str:
        """Return the last answer."""
        outcome: Any = None
        for call in SCRIPT.calls:
            outcome = await workflow.execute_activity(
                call.activity,
                call.request,
                result_type=call.outcome,
                activity_id=call.activity_id,
                start_to_close_timeout=MODEL_TIMEOUT,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                retry_policy=RETRIES,
                cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        return repr(outcome)


@activity.defn
async def nothing() -> str:
    """Do nothing."""
    return "done"


@workflow.defn
class Bare:
    """Makes calls that do nothing, one after another."""

    @workflow.run
    async def run(self) -> None:
        """Make as many calls as the team `steps`."""
        for _ in range(STEPS):
            await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(minutes=1))
