"""A team's conversation inside the workflow: built, driven to its end, stopped in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import TaskResult
from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage
from autogen_agentchat.teams import BaseGroupChat
from autogen_agentchat.teams._group_chat._chat_agent_container import ChatAgentContainer
from autogen_agentchat.teams._group_chat._events import GroupChatRequestPublish
from autogen_core import Agent
from temporalio import workflow

import agents.determinism  # installs what AutoGen needs to be replayed
import agents.tool_failures  # noqa: F401 - installs what keeps agents from waiting for ever
from agents import joining, team_state
from agents.binding import Binding
from agents.components import load_component
from agents.context import TeamContext
from agents.inbox import Inbox
from agents.registry import REGISTRY
from agents.routed import RoutedChat, RoutedTeam
from agents.run import Run
from agents.runtime import WorkflowAgentRuntime
from agents.termination import PausableTermination
from agents.transcript import Transcript
from contracts.calls import Preparation
from contracts.errors import BadRequest, BudgetExhausted
from contracts.runs import RunRequest

# A cancelled model call is waited for this long (s), so that its HTTP request is cut before the run closes.
CANCEL_GRACE = 1.5

# Temporal terminates a run whose one history is longer. A run that cannot begin a new one ends before that, with what
# it has.
_MOST_EVENTS = 51_200
_MOST_BYTES = 50 * 1024 * 1024
_FULL = 0.8
_SPENT = 0.95

Said = BaseAgentEvent | BaseChatMessage


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How the conversation ended. `paused` means that it goes on in a new history."""

    kind: Literal["finished", "budget", "paused"]
    detail: str | None = None


class Conversation:
    """One run's team, from its factory to its last word.

    Args:
        request: what was asked.
        preparation: what the worker said of its models.
        inbox: the events that have come and will come.
        on_message: told after each message, with the transcript.
        on_waiting: told whether an agent waits for an event.

    Raises:
        CallerError, OperatorError: the team asks for what is not there, or for what cannot be durable.
        Exception: whatever the factory raised.
    """

    def __init__(
        self,
        request: RunRequest,
        preparation: Preparation,
        *,
        inbox: Inbox,
        on_message: Callable[[Transcript], None],
        on_waiting: Callable[[bool], None],
    ) -> None:
        self.run = Run(request, preparation, inbox=inbox, on_waiting=on_waiting)
        self.transcript = Transcript(
            first=request.carried.entries if request.carried else 0,
            turn_of=self.run.turn_of,
            sequence=lambda: self.run.sequence,
        )
        self._on_message = on_message
        self._runtime = WorkflowAgentRuntime(on_error=self.run.stop, on_delivery=self._delivered)
        self.team = self._build(request)
        self._pausable = self._make_pausable()
        self._restored_bytes = 0
        self._detail: str | None = None

    @property
    def grows(self) -> bool:
        """Whether agents may join that are not there yet, as those who hear topics do."""
        return isinstance(self.team, RoutedChat)

    async def converse(self) -> Ending:
        """Let the team talk until it ends, is out of budget, or must go on in a new history.

        Raises:
            asyncio.CancelledError: the run was cancelled; its calls were cancelled first.
            Exception: the first error of the team, a model or the engine.
        """
        talk = asyncio.create_task(self._talk())
        try:
            await self._until_done(talk)
        except (Exception, asyncio.CancelledError):
            await self._settle(talk)
            await self._leave(within=CANCEL_GRACE)
            raise
        # Not `finally`: a run that its worker forgets is closed by GeneratorExit, and then nothing may be awaited.
        await self._settle(talk)
        await self._leave()
        if self.run.stopped.done():
            return self._stopped(self.run.stopped.result())
        talk.result()
        if self._pausable is not None and self._pausable.paused:
            return Ending(kind="paused")
        return Ending(kind="finished", detail=self._detail)

    async def _leave(self, *, within: float | None = None) -> None:
        """Leave nothing behind outside: no wait, and no event that was not emitted.

        Args:
            within: seconds for what is not emitted yet; None is as long as it takes.
        """
        await self.run.waits.leave()
        await self.run.emissions.flushed(within=within)
        if within is None and self.run.emissions.error is not None:
            raise self.run.emissions.error

    async def state(self) -> dict[str, Any]:
        """Everything that a new history needs to go on with this conversation."""
        turn = self._pausable.turn if self._pausable is not None else 0
        team = await team_state.save(self.team, self._runtime, parts=self._parts, turn=turn)
        return {
            "team": team,
            "answer": self.transcript.answer(),
            "real_model": self.run.real_model,
            "inbox": self.run.inbox.state(),
            **({} if self.run.memory.policy is None else {"memory": self.run.memory.state()}),
        }

    async def restore(self, state: dict[str, Any], *, size: int) -> None:
        """Go on with a conversation that an earlier history has paused.

        Args:
            state: what `state` returned there.
            size: bytes of this history that hold the state.
        """
        self._restored_bytes = size
        self.transcript.earlier_answer = state["answer"]
        self.run.real_model = state["real_model"]
        self.run.inbox.restore(state.get("inbox", {}))
        self.run.memory.restore(state.get("memory", {}))
        await team_state.load(self.team, self._runtime, state["team"], parts=self._parts)

    def _build(self, request: RunRequest) -> Any:
        context = TeamContext(self.run)
        if request.component is not None:
            team = load_component(request.component, context)
        else:
            team = REGISTRY.team(request.team).factory(context)
        binding = Binding(self.run, self._runtime)
        self._parts = binding.parts
        self._check_bridge(team, request)
        if isinstance(team, RoutedTeam):
            return RoutedChat(team, name=request.team, runtime=self._runtime, binding=binding, bridge=self.run.bridge)
        binding.bind(team, name=request.team)
        return team

    def _check_bridge(self, team: Any, request: RunRequest) -> None:
        bridge = self.run.bridge
        if bridge.publishes and not isinstance(team, RoutedTeam):
            raise BadRequest(f"{request.team!r} has no topics: leave them out of its inbound rules")
        if not bridge.joins:
            return
        if not isinstance(team, BaseGroupChat):
            raise BadRequest(f"{request.team!r} is no group chat, which events join: put it into one, or name a topic")
        joining.refuse_authors(team, bridge.authors)

    def _make_pausable(self) -> PausableTermination | None:
        if not team_state.can_pause(self.team):
            return None
        pausable = PausableTermination(self.team._termination_condition, pause=self._must_pause)
        self.team._termination_condition = pausable
        return pausable

    async def _must_pause(self) -> int | None:
        if self.run.account.usage.turns == 0 or not self._history_is_long():
            return None
        return await team_state.next_turn(self.team, self._runtime)

    def _history_is_long(self) -> bool:
        info = workflow.info()
        # A long conversation fills much of its new history at once. Pausing before twice as much again has happened
        # would cost more history than the turns themselves.
        grown = info.get_current_history_size() >= 3 * self._restored_bytes
        return info.is_continue_as_new_suggested() and (grown or self._history_part() > _FULL)

    def _history_part(self) -> float:
        """How much of what Temporal allows one history is used, from 0 to 1."""
        info = workflow.info()
        return max(info.get_current_history_length() / _MOST_EVENTS, info.get_current_history_size() / _MOST_BYTES)

    def _check_history(self) -> None:
        if self._history_part() > _SPENT:
            self.run.stop(
                BudgetExhausted(
                    f"the history is {_SPENT:.0%} full, and this {type(self.team).__name__} cannot go on in a new one",
                    limit="history",
                )
            )

    def _delivered(self, agent: Agent, message: Any) -> None:
        if isinstance(self.team, RoutedChat) and agent.id.type in self.team.types:
            self.run.begin_turn(agent.id.type)
        if not isinstance(agent, ChatAgentContainer) or not isinstance(message, GroupChatRequestPublish):
            return
        if not isinstance(agent._agent, BaseGroupChat):
            self.run.begin_turn(agent._agent.name)

    async def _talk(self) -> None:
        if isinstance(self.team, BaseChatAgent):
            self.run.begin_turn(self.team.name)
        if self.run.bridge.joins:
            await joining.open_door(self.team, self._runtime, self.run.bridge.joining)
        task = None if self.run.request.carried else self.run.request.task
        # Without `aclosing`, which could not close it when the worker forgets the run; the token ends the stream.
        async for said in self.team.run_stream(task=task, cancellation_token=self.run.token):
            if isinstance(said, TaskResult):
                self._detail = said.stop_reason
            else:
                self._note(said)

    def _note(self, said: Said) -> None:
        index = self.transcript.next_index
        self.transcript.note(said)
        if isinstance(said, BaseChatMessage):
            text = self.transcript.entries[-1].text
            self.run.emissions.add(self.run.bridge.emitted_by(said, index=index, text=text))
        self._on_message(self.transcript)
        self._check_history()

    async def _until_done(self, talk: asyncio.Task[None]) -> None:
        ends: list[asyncio.Future[Any]] = [talk, self.run.stopped]
        left = self.run.account.seconds_left(workflow.time())
        await workflow.wait(ends, return_when=asyncio.FIRST_COMPLETED, timeout=left)
        if not talk.done() and not self.run.stopped.done():
            self.run.stop(self.run.account.time_over())
        if self.run.is_spent:
            await self._until_calls_end()

    async def _until_calls_end(self) -> None:
        """Wait for the calls under way, which the budget has paid for, so that what they say is kept."""
        left = self.run.account.seconds_left(workflow.time())
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: not self.run.under_way, timeout=None if left is None else max(left, 0.0)
            )

    async def _settle(self, talk: asyncio.Task[None]) -> None:
        ended = talk.done() and not talk.cancelled() and talk.exception() is None
        # Agents that hear topics may be at work when another one is done.
        if ended and (self._runtime.is_idle or not isinstance(self.team, RoutedChat)):
            return
        self.run.token.cancel()
        if self.run.under_way:
            await workflow.wait(list(self.run.under_way), timeout=CANCEL_GRACE)
        talk.cancel()
        await asyncio.gather(talk, return_exceptions=True)
        await self._runtime.stop()

    def _stopped(self, reason: BaseException) -> Ending:
        if isinstance(reason, BudgetExhausted):
            return Ending(kind="budget", detail=str(reason))
        raise reason
