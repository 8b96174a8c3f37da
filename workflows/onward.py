"""A flow goes on in a new history."""

from __future__ import annotations

from temporalio import workflow

from contracts.flows import Paused

# Between two steps, and where a step waits, a history may end. The server says when (4,096 events or 4 MiB); this
# many steps come first where they are local activities, which write one event each.
MOST_STEPS = 2_000
# So much may one workflow task complete at once: its answer must stay well below the 4 MiB that one message may have.
MOST_STEPS_A_TASK = 200
_TICK = 0.001


class Onward(Exception):
    """Leave the step that is under way, to go on with it in a new history."""

    def __init__(self, paused: Paused | None = None) -> None:
        super().__init__("the flow goes on in a new history")
        self.paused = paused


class Pace:
    """Says when a history has to end, and lets the server take what one workflow task has done.

    Args:
        most_steps: steps in one history.

    Attributes:
        is_left: set where the history has to end whatever its length.
    """

    def __init__(self, most_steps: int = MOST_STEPS) -> None:
        self._most_steps = most_steps
        self._steps = 0
        self._in_task = 0
        self._events = 0
        self.is_left = False

    def is_long(self, *, ahead: int = 0) -> bool:
        """Whether the history has to end, with so many steps more."""
        return self.is_left or workflow.info().is_continue_as_new_suggested() or self._steps + ahead > self._most_steps

    def count(self) -> None:
        """Count what adds to the history as a step does: an item of a map, a condition that was looked at again."""
        self._steps += 1

    async def step(self) -> None:
        """Count a step. Local activities run within one workflow task, which must not grow without a bound."""
        self.count()
        events = workflow.info().get_current_history_length()
        self._in_task = self._in_task + 1 if events == self._events else 1
        self._events = events
        if self._in_task >= MOST_STEPS_A_TASK:
            await workflow.sleep(_TICK)
