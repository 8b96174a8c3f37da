"""What all teams of a flow may still spend together: a share is held back for each before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from temporalio import workflow

from contracts.errors import BudgetExhausted
from contracts.runs import Budget, Usage

_COUNTED = ("turns", "model_calls", "tokens")
_SHARED = (*_COUNTED, "usd")
_LEAST_USD = 0.0001


@dataclass(frozen=True, eq=False)
class Share:
    """What one team was given. It holds back these limits until it is settled."""

    budget: Budget


class FlowBudget:
    """Hands shares of a budget to teams, so that those that run at once cannot overspend together.

    Args:
        budget: the limits of the flow.
        usage: what its teams have used so far.
        started: start of the flow, seconds since the epoch.
    """

    def __init__(self, budget: Budget, *, usage: Usage, started: float) -> None:
        self.budget = budget
        self.usage = usage
        self.started = started
        self._held: list[Share] = []

    async def share(self, wanted: Budget, *, slots: int) -> Share:
        """Hold back a part of what is left, and wait for others to end while nothing is.

        Args:
            wanted: the team's own limits; it never gets more.
            slots: how many teams may run at once, this one included: each gets its part of what is left.

        Raises:
            BudgetExhausted: a limit is spent, and nobody holds any of it back.
        """
        await workflow.wait_condition(lambda: self._spent() is None or not self._held)
        if (spent := self._spent()) is not None:
            raise BudgetExhausted(f"{spent}: all of the flow's {getattr(self.budget, spent):g} is used", limit=spent)
        free = max(slots - len(self._held), 1)
        limits: dict[str, Any] = {name: self._part(name, getattr(wanted, name), free=free) for name in _SHARED}
        limits["wall_seconds"] = _least(self._seconds_left(), wanted.wall_seconds)
        limits["tool_calls_per_turn"] = _least(self.budget.tool_calls_per_turn, wanted.tool_calls_per_turn)
        share = Share(Budget(**limits))
        self._held.append(share)
        return share

    def settle(self, share: Share, usage: Usage | None) -> None:
        """Give a share back, less what was used; None is unknown, and counts as all of it where there is a limit."""
        self._held.remove(share)
        self.usage = added(self.usage, usage if usage is not None else _all_of(share.budget, limited=self.budget))

    def _spent(self) -> str | None:
        left = self._seconds_left()
        if left is not None and left <= 0:
            return "wall_seconds"
        return next(
            (name for name in _SHARED if (part := self._left(name)) is not None and part < _least_of(name)), None
        )

    def _left(self, name: str) -> float | None:
        limit = getattr(self.budget, name)
        if limit is None:
            return None
        return float(limit - _used(self.usage, name) - sum(getattr(share.budget, name) or 0 for share in self._held))

    def _part(self, name: str, wanted: float | None, *, free: int) -> float | None:
        left = self._left(name)
        if left is None:
            return wanted
        part = max(left / free, _least_of(name))
        return _least(int(part) if name in _COUNTED else part, wanted)

    def _seconds_left(self) -> float | None:
        if self.budget.wall_seconds is None:
            return None
        return self.budget.wall_seconds - (workflow.time() - self.started)


def added(first: Usage, second: Usage) -> Usage:
    """What two have used together."""
    return Usage(**{name: getattr(first, name) + getattr(second, name) for name in Usage.model_fields})


def _used(usage: Usage, name: str) -> float:
    return usage.prompt_tokens + usage.completion_tokens if name == "tokens" else float(getattr(usage, name))


def _all_of(given: Budget, *, limited: Budget) -> Usage:
    held = {name: getattr(given, name) or 0 for name in _SHARED if getattr(limited, name) is not None}
    return Usage(
        turns=int(held.get("turns", 0)),
        model_calls=int(held.get("model_calls", 0)),
        prompt_tokens=int(held.get("tokens", 0)),
        usd=float(held.get("usd", 0.0)),
    )


def _least(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _least_of(name: str) -> float:
    return _LEAST_USD if name == "usd" else 1
