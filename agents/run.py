"""What the durable parts of one run share: its call numbers, its budget, its texts, and why it must stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from autogen_core import CancellationToken, FunctionCall
from temporalio import workflow

from agents.bridge import Bridge
from agents.budget import BudgetAccount
from agents.emissions import Emissions
from agents.inbox import Inbox
from agents.memory_book import MemoryBook
from agents.prompts import PromptBook
from agents.registry import REGISTRY
from agents.waits import Waits
from contracts.calls import ModelCard, Preparation
from contracts.errors import BudgetExhausted, ConfigurationError, UnknownName
from contracts.runs import RunRequest, Usage


@dataclass
class Turn:
    """One agent's part in the conversation, under way."""

    number: int
    tool_calls: int = 0


@dataclass
class Reply:
    """The tool calls that a path's last model call asked for; each is claimed by its execution."""

    activity_id: str
    calls: list[FunctionCall]

    def position(self, call_id: str | None, name: str) -> int:
        """The place of a call in the reply, by its id; calls that the model did not make come after those it made."""
        for position, call in enumerate(self.calls):
            if call.id == call_id and call.name == name:
                return position
        self.calls.append(FunctionCall(id=call_id or "", name=name, arguments="{}"))
        return len(self.calls) - 1


_Outcome = TypeVar("_Outcome")
_turn: ContextVar[Turn | None] = ContextVar("turn", default=None)


class Run:
    """One run as its agents see it.

    Args:
        request: what was asked.
        preparation: what the worker said of its models.
        inbox: the events that have come and will come.
        on_waiting: told whether an agent waits for an event.

    Attributes:
        since: sequence of the state store when the run began, as far as it is known.
    """

    def __init__(
        self, request: RunRequest, preparation: Preparation, *, inbox: Inbox, on_waiting: Callable[[bool], None]
    ) -> None:
        carried = request.carried
        self.request = request
        self.inbox = inbox
        self.waits = Waits(on_waiting)
        self.bridge = Bridge(request, inbox)
        self.emissions = Emissions(
            request,
            next_number=lambda: self.next_call("emit~"),
            on_kept=self.learn_sequence,
            on_error=self.stop,
        )
        self.since = carried.since if carried else preparation.sequence
        self._sequence = carried.sequence if carried else preparation.sequence
        self.prompts = PromptBook()
        self.memory = MemoryBook(request, REGISTRY.team(request.team).memory if request.component is None else None)
        self.account = BudgetAccount(
            request.budget,
            usage=carried.usage if carried else Usage(),
            started=carried.started if carried else workflow.time(),
        )
        self.counters = dict(carried.counters) if carried else {}
        self.replies: dict[str, Reply] = {}
        self.under_way: dict[asyncio.Task[Any], None] = {}
        self.turns_by_agent: dict[str, int] = {}
        self.real_model = True
        self.token = CancellationToken()
        self.stopped: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._cards = {card.name: card for card in preparation.models}
        self._default_model = request.model or preparation.default_model

    def card(self, name: str | None) -> ModelCard:
        """What is known of a model; None is the run's default one.

        Raises:
            UnknownName: no such model is registered.
            ConfigurationError: the model cannot be used, or has no price although the budget is in dollars.
        """
        wanted = name or self._default_model
        if wanted not in self._cards:
            raise UnknownName("model", wanted, self._cards)
        card = self._cards[wanted]
        if card.problem:
            raise ConfigurationError(card.problem)
        if self.request.budget.usd is not None and card.prompt_price is None:
            raise ConfigurationError(
                f"the budget is in dollars, but model {card.label!r} has no price: add it to [prices] in perdure.toml"
            )
        return card

    @property
    def sequence(self) -> int | None:
        """The latest sequence of the state store that the run knows of."""
        known = (self._sequence, self.inbox.sequence)
        return max((sequence for sequence in known if sequence is not None), default=None)

    def learn_sequence(self, sequence: int | None) -> None:
        """Note a sequence that an activity has told."""
        if sequence is not None:
            self._sequence = max(sequence, self._sequence or 0)
            self.since = sequence if self.since is None else self.since

    def next_call(self, path: str) -> int:
        """The number of the next model call (or wait) of that path, from 1, over the whole run."""
        self.counters[path] = self.counters.get(path, 0) + 1
        return self.counters[path]

    def begin_turn(self, agent: str) -> None:
        """Begin a turn in the current task.

        Raises:
            BudgetExhausted: all turns are used; the run is told to stop.
        """
        self.check_going()
        try:
            number = self.account.begin_turn()
        except BudgetExhausted as error:
            self.stop(error)
            raise
        self.turns_by_agent[agent] = number
        _turn.set(Turn(number))

    def turn_of(self, agent: str) -> int:
        """The last turn of an agent; 0 for who has had none, as the author of the task."""
        return self.turns_by_agent.get(agent, 0)

    def turn(self) -> Turn:
        """The turn of the current task; between turns, the one that is about to begin."""
        return _turn.get() or Turn(self.account.usage.turns + 1)

    def stop(self, reason: BaseException) -> None:
        """Ask the run to end for this reason; the first one counts."""
        if not self.stopped.done():
            self.stopped.set_result(reason)

    async def outcome(self, call: asyncio.Task[_Outcome], token: CancellationToken | None) -> _Outcome:
        """Wait for a call that leaves the workflow. Cancelling the run, or the token, cancels the call itself."""
        self.under_way[call] = None
        call.add_done_callback(self._ended)
        for linked in (self.token, token):
            if linked is not None:
                linked.link_future(call)
        # Shielded, so that a task which is given up need not wait until a lost worker's call is known to have ended.
        return await asyncio.shield(call)

    async def within_budget(self, reserve: Callable[[], _Outcome]) -> _Outcome:
        """Return what a reservation returns. Where the budget is spent, tell the run to stop and wait for its end.

        No error is raised then: it would end the team at once, and with it what its other agents are about to say.
        """
        try:
            return reserve()
        except BudgetExhausted as error:
            self.stop(error)
            never: asyncio.Future[_Outcome] = asyncio.get_running_loop().create_future()
            return await never  # the end of the run cancels this task

    @property
    def is_spent(self) -> bool:
        """Whether the run stops because of a limit other than its time: then its calls under way may still end."""
        reason = self.stopped.result() if self.stopped.done() else None
        return isinstance(reason, BudgetExhausted) and reason.limit != "wall_seconds"

    def check_going(self) -> None:
        """Raise `asyncio.CancelledError` where the run is about to end, so that nothing new is scheduled."""
        if self.stopped.done() or self.token.is_cancelled():
            raise asyncio.CancelledError("the run is ending")

    def _ended(self, call: asyncio.Task[Any]) -> None:
        del self.under_way[call]
        if not call.cancelled():
            call.exception()  # marks it as retrieved: a call that was given up has nobody who reads it
