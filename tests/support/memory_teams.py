"""Teams that remember, each in its own way, as an app for PERDURE_APP."""

from __future__ import annotations

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import ChatAgent, Team
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core.memory import ListMemory, MemoryContent, MemoryMimeType

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


MEMORY_TEAMS = ("reminded", "asking", "all-asking")
