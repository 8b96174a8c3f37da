"""What a run may still spend: reserved before each call, settled by what the call really used."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.calls import ModelCard, ModelReply
from contracts.errors import BudgetExhausted
from contracts.runs import Budget, Usage

CHARS_PER_TOKEN = 4
EXPECTED_COMPLETION_TOKENS = 256


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """What is held back for a call under way. Dollars are 0 for a model without a price."""

    tokens: int
    usd: float


def estimated_tokens(chars: int) -> int:
    """Tokens of a text of so many characters, by the rule of thumb of four characters a token."""
    return -(-chars // CHARS_PER_TOKEN)


class BudgetAccount:
    """Counts what all agents of a run use, and refuses what would pass a limit.

    Args:
        budget: the limits.
        usage: what earlier parts of the run have used.
        started: start of the run, seconds since the epoch.
    """

    def __init__(self, budget: Budget, *, usage: Usage, started: float) -> None:
        self.budget = budget
        self.usage = usage
        self.started = started
        self._reserved: dict[int, Reservation] = {}
        self._last = 0

    def begin_turn(self) -> int:
        """Count a turn and return its number, from 1.

        Raises:
            BudgetExhausted: all turns are used.
        """
        self._need("turns", used=self.usage.turns, wanted=1)
        self._add(turns=1)
        return self.usage.turns

    def reserve_model_call(self, card: ModelCard, *, chars: int, now: float) -> int:
        """Hold back what a model call may cost and return the reservation's number.

        Args:
            card: the model, for its price.
            chars: characters of the prompt.
            now: seconds since the epoch.

        Raises:
            BudgetExhausted: a limit would be passed.
        """
        wanted = _estimate(card, chars=chars)
        self.check_time(now)
        self._need("model_calls", used=self.usage.model_calls, wanted=1)
        self._need("tokens", used=self._tokens(), wanted=wanted.tokens)
        self._need("usd", used=self._usd(), wanted=wanted.usd)
        self._last += 1
        self._reserved[self._last] = wanted
        self._add(model_calls=1)
        return self._last

    def settle(self, reservation: int, reply: ModelReply | None) -> None:
        """Replace a reservation by what the call used; None gives it back."""
        held = self._reserved.pop(reservation)
        if reply is None:
            return
        counted = reply.prompt_tokens + reply.completion_tokens
        self._add(
            prompt_tokens=reply.prompt_tokens if counted else held.tokens,
            completion_tokens=reply.completion_tokens,
            usd=reply.usd or 0.0,
            unpriced_calls=int(reply.usd is None),
        )

    def reserve_tool_call(self, *, in_turn: int, now: float) -> None:
        """Count a tool call.

        Args:
            in_turn: tool calls that this turn has made before.
            now: seconds since the epoch.

        Raises:
            BudgetExhausted: the turn has made all its calls, or the time is up.
        """
        self.check_time(now)
        self._need("tool_calls_per_turn", used=in_turn, wanted=1)
        self._add(tool_calls=1)

    def check_time(self, now: float) -> None:
        """Raise `BudgetExhausted` if the wall time is used up."""
        left = self.seconds_left(now)
        if left is not None and left <= 0:
            raise self.time_over()

    def time_over(self) -> BudgetExhausted:
        """The error that says that the wall time is used up."""
        return BudgetExhausted(f"the run's {self.budget.wall_seconds:g} s are over", limit="wall_seconds")

    def seconds_left(self, now: float) -> float | None:
        """Seconds until the wall time is over, None without such a limit."""
        if self.budget.wall_seconds is None:
            return None
        return self.budget.wall_seconds - (now - self.started)

    def _need(self, limit: str, *, used: float, wanted: float) -> None:
        allowed = getattr(self.budget, limit)
        if allowed is not None and used + wanted > allowed:
            raise BudgetExhausted(
                f"{limit}: {_number(used)} of {_number(allowed)} used, the next call needs {_number(wanted)}",
                limit=limit,
            )

    def _tokens(self) -> int:
        held = sum(reservation.tokens for reservation in self._reserved.values())
        return self.usage.prompt_tokens + self.usage.completion_tokens + held

    def _usd(self) -> float:
        return self.usage.usd + sum(reservation.usd for reservation in self._reserved.values())

    def _add(self, **amounts: float) -> None:
        sums = {name: getattr(self.usage, name) + amount for name, amount in amounts.items()}
        self.usage = self.usage.model_copy(update=sums)


def _estimate(card: ModelCard, *, chars: int) -> Reservation:
    prompt = estimated_tokens(chars)
    usd = prompt * (card.prompt_price or 0.0) + EXPECTED_COMPLETION_TOKENS * (card.completion_price or 0.0)
    return Reservation(tokens=prompt + EXPECTED_COMPLETION_TOKENS, usd=usd / 1_000_000)


def _number(value: float) -> str:
    return f"{value:,.6f}".rstrip("0").rstrip(".")
