"""What waits for a writer: a command or statements, and who waits for its outcome."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

from contracts.errors import BackendUnavailable
from memory.state.world import Command


class Job:
    """One call that waits for the writer, which may be another thread.

    Args:
        command: a command, or None for statements.
        statements: run after the commands of the group.
        patience: seconds until the caller is told that the writer does not come to it. Then it is not done.
        advice: what to look at then.
    """

    def __init__(
        self, command: Command[Any] | None, *, statements: Sequence[Any] = (), patience: float, advice: str
    ) -> None:
        self.command = command
        self.statements = statements
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self._advice = advice
        self._taken = threading.Lock()
        self._timer = self.loop.call_later(patience, self._give_up)

    @property
    def alone(self) -> bool:
        """Whether it needs a group of its own."""
        return self.command is not None and self.command.alone

    @property
    def over(self) -> bool:
        """Whether nobody waits for it any more, so that it need not be done."""
        return self.future.done()

    def take(self) -> bool:
        """Begin with it. False where the caller has left: then it must not be done."""
        return not self.over and self._taken.acquire(blocking=False)

    def give_back(self) -> None:
        """Wait again: the group is done once more."""
        if self._taken.locked():
            self._taken.release()

    def settle(self, result: Any, failure: BaseException | None) -> None:
        """Tell the caller, in its event loop."""
        self._timer.cancel()
        if self.future.done():
            return
        if failure is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(failure)

    def _give_up(self) -> None:
        if self._taken.acquire(blocking=False) and not self.future.done():
            self.future.set_exception(BackendUnavailable(self._advice))


Outcomes = Sequence[tuple[Job, Any, BaseException | None]]


def settle(outcomes: Outcomes, *, after: Callable[[asyncio.AbstractEventLoop], None]) -> None:
    """Tell all callers of a group, each event loop woken once.

    Args:
        outcomes: what became of each job.
        after: called in each of the loops.
    """
    for loop in {job.loop for job, _, _ in outcomes}:
        of_loop = [outcome for outcome in outcomes if outcome[0].loop is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle_in, loop, of_loop, after)


def _settle_in(
    loop: asyncio.AbstractEventLoop, outcomes: Outcomes, after: Callable[[asyncio.AbstractEventLoop], None]
) -> None:
    for job, result, failure in outcomes:
        job.settle(result, failure)
    after(loop)
