"""The models, tools and teams that are measured, as an app for PERDURE_APP."""

from __future__ import annotations

from collections.abc import Callable

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import ChatAgent, Team
from autogen_agentchat.teams import RoundRobinGroupChat, SelectorGroupChat
from autogen_core.model_context import BufferedChatCompletionContext, ChatCompletionContext

from agents import TeamContext, model, team, tool
from benchmarks.idle_model import LONG_ANSWER_CHARS, IdleModel

Factory = Callable[[TeamContext], Team]
LONG_RUN_CALLS = 1000
STEPS = 50
REPLAYED_TURNS = 400
CACHED_TURNS = 20


@model("idle")
def idle() -> IdleModel:
    """Answer at once, in a line."""
    return IdleModel(chars=60)


@model("long")
def long() -> IdleModel:
    """Answer at once, in 2 KB."""
    return IdleModel(chars=LONG_ANSWER_CHARS)


@model("away")
def away() -> IdleModel:
    """Answer 20 turns in 2 KB, then be away."""
    return IdleModel(chars=LONG_ANSWER_CHARS, turns=CACHED_TURNS)


def weigh(what: str, times: int) -> str:
    """Weigh something so many times."""
    return f"{what} weighs {times} kg"


@tool(name="weigh_quickly", quick=True)
def weigh_quickly(what: str, times: int) -> str:
    """Weigh something so many times."""
    return weigh(what, times)


tool(weigh)


def _agent(
    ctx: TeamContext, name: str, *, model: str = "long", context: ChatCompletionContext | None = None
) -> ChatAgent:
    return AssistantAgent(name, model_client=ctx.model(model), system_message=f"You are {name}.", model_context=context)


def _using(tool_name: str) -> Factory:
    def build(ctx: TeamContext) -> Team:
        members: list[ChatAgent | Team] = [
            AssistantAgent(
                name,
                model_client=ctx.model("idle"),
                workbench=ctx.tools(tool_name),
                system_message=f"You are {name}.",
                max_tool_iterations=3,
            )
            for name in ("ann", "ben")
        ]
        return RoundRobinGroupChat(members, max_turns=2)

    return build


team("tools")(_using("weigh"))
team("quick_tools")(_using("weigh_quickly"))


@team("steps")
def steps(ctx: TeamContext) -> Team:
    """Two agents, short answers."""
    return RoundRobinGroupChat([_agent(ctx, name, model="idle") for name in ("ann", "ben")], max_turns=STEPS)


@team("once")
def once(ctx: TeamContext) -> Team:
    """An agent that says one thing."""
    return RoundRobinGroupChat([_agent(ctx, "ann", model="idle")], max_turns=1)


@team("two_agents")
def two_agents(ctx: TeamContext) -> Team:
    """Two agents that say 2 KB a turn."""
    return RoundRobinGroupChat([_agent(ctx, name) for name in ("ann", "ben")], max_turns=LONG_RUN_CALLS)


@team("selector_of_three")
def selector_of_three(ctx: TeamContext) -> Team:
    """Three agents, and a model that is asked before each turn."""
    members = [_agent(ctx, name) for name in ("ann", "ben", "cid")]
    return SelectorGroupChat([*members], model_client=ctx.model("idle"), max_turns=LONG_RUN_CALLS // 2)


@team("buffered")
def buffered(ctx: TeamContext) -> Team:
    """Two agents that see the last ten messages."""
    members = [_agent(ctx, name, context=BufferedChatCompletionContext(buffer_size=10)) for name in ("ann", "ben")]
    return RoundRobinGroupChat([*members], max_turns=LONG_RUN_CALLS)


@team("ten_agents")
def ten_agents(ctx: TeamContext) -> Team:
    """Ten agents in turn."""
    return RoundRobinGroupChat([_agent(ctx, f"agent{number}") for number in range(10)], max_turns=REPLAYED_TURNS)


@team("cached")
def cached(ctx: TeamContext) -> Team:
    """Two agents whose provider goes away after 20 turns, so that the run stays open."""
    return RoundRobinGroupChat([_agent(ctx, name, model="away") for name in ("ann", "ben")], max_turns=1000)
