"""The steps `map` and `parallel`: several things at once, at most so many, begun in their order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from contracts.errors import BadRequest, PayloadTooLarge
from contracts.flows import MapAction, ParallelAction, Paused
from workflows.actions import Actions
from workflows.failures import FAILURES, explained
from workflows.flow_state import MAX_OUTPUT_BYTES, size
from workflows.onward import Onward, Pace
from workflows.sight import Sight
from workflows.spot import Spot

MOST_ITEMS = 10_000


@dataclass
class Batch:
    """Things under way.

    Attributes:
        left: names of those that have not begun, in order.
        do: does one of them.
        outputs: by name.
        errors: of those that failed, by name.
        bytes: of all outputs.
        stopped: whether those under way were cancelled.
    """

    left: deque[Any]
    do: Callable[[Any], Any]
    outputs: dict[Any, Any] = field(default_factory=dict)
    errors: dict[Any, str] = field(default_factory=dict)
    bytes: int = 0
    stopped: bool = False


class FanOut:
    """Does several things at once.

    Args:
        actions: does one.
        pace: says when to go on in a new history.
    """

    def __init__(self, actions: Actions, pace: Pace) -> None:
        self._actions = actions
        self._pace = pace

    async def map(self, action: MapAction, spot: Spot, sight: Sight, *, paused: Paused | None) -> dict[str, Any]:
        """Do one thing for each item.

        Raises:
            ApplicationError: one item failed, and the step does not go on without it.
            BadRequest: there is no list, or it is too long.
            PayloadTooLarge: the results are over 64 KiB.
            Onward: the history is long.
        """
        items = list(paused.items) if paused is not None else await _items(action, spot, sight)
        results = list(paused.results) if paused is not None else []
        failed = list(paused.failed) if paused is not None else []
        first = len(results)

        async def one(index: int) -> Any:
            seen = sight.having(item=items[index - first], index=index)
            return await self._actions.run(action.do, spot.item(index, slots=action.at_once), seen)

        batch = Batch(left=deque(range(first, first + len(items))), do=one, bytes=size(results))
        await self._all(batch, at_once=action.at_once, goes_on=action.on_failure != "fail")
        done = first + len(items) - len(batch.left)
        results += [batch.outputs.get(index) for index in range(first, done)]
        if action.on_failure == "collect":
            failed += [{"index": index, "error": error} for index, error in sorted(batch.errors.items())]
        if batch.left:
            raise Onward(_paused(spot, items[done - first :], results, failed))
        return {"results": results, "failed": failed}

    async def parallel(self, action: ParallelAction, spot: Spot, sight: Sight) -> dict[str, Any]:
        """Do several things; one failure fails all.

        Raises:
            ApplicationError: one of them failed; the others were cancelled.
        """

        async def one(name: str) -> Any:
            return await self._actions.run(action.do[name], spot.item(name, slots=action.at_once), sight)

        batch = Batch(left=deque(action.do), do=one)
        await self._all(batch, at_once=action.at_once, goes_on=False, to_the_end=True)
        return {name: batch.outputs[name] for name in action.do}

    async def _all(self, batch: Batch, *, at_once: int, goes_on: bool, to_the_end: bool = False) -> None:
        """Begin one after another, in order. A long history ends what is under way and begins no more."""

        async def lane() -> None:
            while batch.left and not batch.stopped and (to_the_end or not self._pace.is_long()):
                self._pace.count()
                await _one(batch, batch.left.popleft(), goes_on=goes_on)

        lanes = [asyncio.create_task(lane()) for _ in range(min(at_once, len(batch.left)))]
        try:
            if lanes:
                await workflow.wait(lanes, return_when=asyncio.FIRST_EXCEPTION)
        except asyncio.CancelledError:
            await _stop(batch, lanes)
            raise
        failed = next((task for task in lanes if task.done() and not task.cancelled() and task.exception()), None)
        await _stop(batch, lanes)
        if failed is not None:
            failed.result()


async def _stop(batch: Batch, lanes: list[asyncio.Task[None]]) -> None:
    batch.stopped = True
    for task in lanes:
        task.cancel()
    await asyncio.gather(*lanes, return_exceptions=True)


async def _one(batch: Batch, name: Any, *, goes_on: bool) -> None:
    try:
        output = await batch.do(name)
    except FAILURES as error:
        failure = explained(error)
        if failure is None or batch.stopped:
            raise  # a cancelled activity ends with an error of its own
        batch.errors[name] = str(failure)
        if not goes_on:
            raise ApplicationError(f"{name}: {failure.message}", type=failure.kind) from error
        return
    batch.outputs[name] = output
    batch.bytes += size(output)
    if batch.bytes > MAX_OUTPUT_BYTES:
        raise PayloadTooLarge(
            "all results together",
            size=batch.bytes,
            limit=MAX_OUTPUT_BYTES,
            advice="let each item write its result into the state",
        )


async def _items(action: MapAction, spot: Spot, sight: Sight) -> list[Any]:
    found = await sight.fill(action.over, spot)
    if not isinstance(found, list | tuple):
        raise BadRequest(f"{spot.step!r} maps over a list, and {action.over!r} is a {type(found).__name__}")
    if len(found) > MOST_ITEMS:
        raise BadRequest(f"{spot.step!r} maps over {len(found):,} items, at most {MOST_ITEMS:,} are allowed")
    return list(found)


def _paused(spot: Spot, items: list[Any], results: list[Any], failed: list[dict[str, Any]]) -> Paused:
    return Paused(step=spot.step, visit=spot.visit, items=tuple(items), results=tuple(results), failed=tuple(failed))
