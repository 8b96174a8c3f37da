"""Teams that remember, each in its own way, as an app for PERDURE_APP."""

from __future__ import annotations

from collections.abc import Sequence

from autogen_agentchat.agents import AssistantAgent, BaseChatAgent
from autogen_agentchat.base import ChatAgent, Response, Team
from autogen_agentchat.messages import BaseChatMessage, TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import CancellationToken
from autogen_core.memory import ListMemory, Memory, MemoryContent, MemoryMimeType

from agents import TeamContext, team
from contracts.remembering import MemoryPolicy


def _agent(ctx: TeamContext, name: str, *, asks: bool = False) -> AssistantAgent:
    return AssistantAgent(
        name,
        model_client=ctx.model(),
        system_message=f"You are {name}.",
        memory=[ctx.memory(limit=5)] if asks else None,
    )


@team("reminded")
def reminded(ctx: TeamContext) -> Team:
    """Two agents who are told before they begin."""
    return RoundRobinGroupChat([_agent(ctx, "alice"), _agent(ctx, "bob")], max_turns=2)


@team("asking")
def asking(ctx: TeamContext) -> Team:
    """Bob asks his memory in each of his two turns, alice is told before she begins."""
    return RoundRobinGroupChat([_agent(ctx, "alice"), _agent(ctx, "bob", asks=True)], max_turns=4)


@team("alone")
def alone(ctx: TeamContext) -> ChatAgent:
    """One agent, who asks."""
    return _agent(ctx, "bob", asks=True)


@team("all-asking", memory=MemoryPolicy(inject="memory"))
def all_asking(ctx: TeamContext) -> Team:
    """A team that says how its agents remember."""
    return RoundRobinGroupChat([_agent(ctx, "alice"), _agent(ctx, "bob")], max_turns=2)


@team("forgetful", memory=MemoryPolicy(inject="off", extract=False))
def forgetful(ctx: TeamContext) -> Team:
    """A team that says that it has no memory."""
    return RoundRobinGroupChat([_agent(ctx, "alice")], max_turns=1)


@team("listed")
def listed(ctx: TeamContext) -> ChatAgent:
    """An agent with fixed texts of its own besides."""
    texts = [MemoryContent(content="The office is closed on Sundays.", mime_type=MemoryMimeType.TEXT)]
    return AssistantAgent(
        "alice",
        model_client=ctx.model(),
        system_message="You are alice.",
        memory=[ListMemory(memory_contents=texts)],
    )


@team("asking-long")
def asking_long(ctx: TeamContext) -> Team:
    """The same for longer than one history lasts on an impatient server."""
    return RoundRobinGroupChat([_agent(ctx, "alice"), _agent(ctx, "bob", asks=True)], max_turns=30)


class Clerk(BaseChatAgent):
    """Writes what it hears down for good, and says so."""

    def __init__(self, memory: Memory) -> None:
        super().__init__("clerk", "Writes things down.")
        self._memory = memory

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        """Texts only."""
        return (TextMessage,)

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        """Write the last message down."""
        heard = messages[-1].to_text()
        await self._memory.add(MemoryContent(content=heard, mime_type=MemoryMimeType.TEXT), cancellation_token)
        return Response(chat_message=TextMessage(content="Noted.", source=self.name))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Nothing is kept here."""


@team("noting")
def noting(ctx: TeamContext) -> Team:
    """Alice speaks, and a clerk writes it down."""
    return RoundRobinGroupChat([_agent(ctx, "alice"), Clerk(ctx.memory())], max_turns=2)
