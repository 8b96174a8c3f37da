"""How outside messages join a group chat that runs: before the next turn, heard once by everybody.

A group chat's manager decides between two turns who is next. At that moment, and only then, no agent is speaking: each
waiting message is handed to all participants as the messages of a task are, and put into the manager's own thread, so
that whoever chooses the next speaker has heard it too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage
from autogen_agentchat.teams import BaseGroupChat
from autogen_agentchat.teams._group_chat._base_group_chat_manager import BaseGroupChatManager
from autogen_agentchat.teams._group_chat._events import GroupChatStart
from autogen_agentchat.teams._group_chat._magentic_one._magentic_one_orchestrator import MagenticOneOrchestrator
from autogen_core import CancellationToken, DefaultTopicId

from agents import team_state
from agents.runtime import WorkflowAgentRuntime
from contracts.errors import BadRequest

Take = Callable[[], Sequence[BaseChatMessage]]


async def open_door(team: BaseGroupChat, runtime: WorkflowAgentRuntime, take: Take) -> None:
    """Let messages join a group chat from now on.

    Args:
        team: the outermost team; inner ones hear of it when they are asked.
        runtime: where its agents are.
        take: returns, once, the messages that wait.
    """
    if not team._initialized:
        await team._init(runtime)
    manager = await team_state.manager(team, runtime)
    door = Door(manager, take)
    if isinstance(manager, MagenticOneOrchestrator):
        _replace(manager, "_orchestrate_step", door.before_step(manager._orchestrate_step))
    else:
        _replace(manager, "_transition_to_next_speakers", door.before_step(manager._transition_to_next_speakers))
        _replace(manager, "_apply_termination_condition", door.before_end(manager._apply_termination_condition))


def refuse_authors(team: BaseGroupChat, authors: set[str]) -> None:
    """Refuse events in the name of an agent: a team takes what it hears from an agent for that agent's turn.

    Raises:
        BadRequest: an agent is called like an author.
    """
    if taken := authors & set(team._participant_names):
        name = min(taken)
        raise BadRequest(f"{name!r} is an agent of the team: give its inbound rule another author")


class Door:
    """Where messages join one group chat.

    Args:
        manager: the group chat's manager.
        take: returns, once, the messages that wait.
    """

    def __init__(self, manager: BaseGroupChatManager, take: Take) -> None:
        self._manager = manager
        self._take = take
        self._uncounted: list[BaseChatMessage] = []

    def before_step(self, step: Callable[[CancellationToken], Any]) -> Callable[..., Any]:
        """The manager's choice of who is next, after what waits has joined."""

        async def stepped(cancellation_token: CancellationToken) -> None:
            await self._join()
            await step(cancellation_token)

        return stepped

    def before_end(self, apply: Callable[..., Any]) -> Callable[..., Any]:
        """The manager's look at its termination condition, which is shown what has joined too."""

        async def applied(
            delta: Sequence[BaseAgentEvent | BaseChatMessage], increment_turn_count: bool = False
        ) -> bool:
            await self._join()
            joined, self._uncounted = self._uncounted, []
            ends: bool = await apply([*delta, *joined], increment_turn_count)
            return ends

        return applied

    async def _join(self) -> None:
        messages = list(self._take())
        if not messages:
            return
        manager = self._manager
        for message in messages:
            await manager._output_message_queue.put(message)
        await manager.publish_message(
            GroupChatStart(messages=messages), topic_id=DefaultTopicId(type=manager._group_topic_type)
        )
        await manager.update_message_thread(messages)
        self._uncounted += messages


def _replace(manager: BaseGroupChatManager, name: str, method: Callable[..., Any]) -> None:
    setattr(manager, name, method)
