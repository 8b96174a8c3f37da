"""Termination conditions for a workflow: its own clock, and a pause that leaves every counter alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from autogen_agentchat.base import TerminationCondition
from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage, StopMessage
from pydantic import BaseModel
from temporalio import workflow

Delta = Sequence[BaseAgentEvent | BaseChatMessage]
PAUSE = "the run goes on in a new history"


class WorkflowTimeoutTermination(TerminationCondition):
    """AutoGen's `TimeoutTermination` on the workflow's clock.

    Args:
        timeout_seconds: seconds from the start of the conversation.
    """

    component_config_schema = BaseModel

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._started = workflow.time()
        self._terminated = False

    @property
    def terminated(self) -> bool:
        """Whether the time was up."""
        return self._terminated

    async def __call__(self, messages: Delta) -> StopMessage | None:  # noqa: ARG002 - the signature is AutoGen's
        """Stop when the time is up."""
        if workflow.time() - self._started < self._timeout_seconds:
            return None
        self._terminated = True
        return StopMessage(content=f"Timeout of {self._timeout_seconds} seconds reached", source="TimeoutTermination")

    async def reset(self) -> None:
        """Start anew."""
        self._started = workflow.time()
        self._terminated = False


class PausableTermination(TerminationCondition):
    """Stops between turns when the history is long enough, without the reset that AutoGen's stop brings.

    Args:
        inner: the team's own condition, None if it has none.
        pause: returns the team's turn count if it is to pause now, else None; asked after each message.

    Attributes:
        paused: whether it has stopped the team for a pause.
        turn: turns of the team when it paused; AutoGen's stop sets its own counter to 0.
    """

    component_config_schema = BaseModel

    def __init__(self, inner: TerminationCondition | None, *, pause: Callable[[], Awaitable[int | None]]) -> None:
        self.inner = inner
        self.paused = False
        self.turn = 0
        self._pause = pause

    @property
    def terminated(self) -> bool:
        """Whether the team's own condition was met."""
        return self.inner is not None and self.inner.terminated

    async def __call__(self, messages: Delta) -> StopMessage | None:
        """Ask the team's own condition first, then whether to pause."""
        stop = await self.inner(messages) if self.inner is not None else None
        if stop is not None or (turn := await self._pause()) is None:
            return stop
        self.paused, self.turn = True, turn
        return StopMessage(content=PAUSE, source="perdure")

    async def reset(self) -> None:
        """Reset the team's own condition, unless this is a pause."""
        if not self.paused and self.inner is not None:
            await self.inner.reset()
