"""Test teams as they would be after a change that runs under way must not meet unnoticed; an app module."""

from __future__ import annotations

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import ChatAgent, Team
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import DiGraphBuilder, GraphFlow, RoundRobinGroupChat

from agents import TeamContext, team
from tests.support.teams import agent, agents


@team("reordered", version="2")
def reordered(ctx: TeamContext) -> Team:
    """`round_robin` with another first speaker."""
    return RoundRobinGroupChat(agents(ctx, "bob", "alice", "carol"), termination_condition=MaxMessageTermination(7))


@team("fewer_starts", version="2")
def fewer_starts(ctx: TeamContext) -> Team:
    """`graph_parallel` with its first two agents in another order."""
    starts = [agent(ctx, name) for name in ("bravo", "alpha", "charlie", "delta", "echo")]
    join = agent(ctx, "join")
    graph = DiGraphBuilder().add_node(join)
    for start in starts:
        graph.add_node(start).add_edge(start, join)
    return GraphFlow([*starts, join], graph=graph.build())


@team("other_tool", version="2")
def other_tool(ctx: TeamContext) -> ChatAgent:
    """`reflection` under another name."""
    return AssistantAgent(
        "summer",
        model_client=ctx.model(),
        system_message="You are adder.",
        workbench=ctx.tools("add"),
        reflect_on_tool_use=True,
    )


@team("renamed_inner", version="2")
def renamed_inner(ctx: TeamContext) -> Team:
    """`nested` with an inner team of another name."""
    inner = [
        RoundRobinGroupChat([agent(ctx, "alice", of=name), agent(ctx, "bob", of=name)], name=name, max_turns=2)
        for name in ("search", "writing")
    ]
    return RoundRobinGroupChat([*inner], max_turns=4)
