"""Teams of every kind, as a user would write them: ordinary AutoGen, with models and tools from the context.

The same factory builds the team inside a workflow and, with a `StockContext`, on AutoGen's own runtime. The script
`teams` of the stand-in model server brings each of them to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from autogen_agentchat.agents import AssistantAgent, SocietyOfMindAgent
from autogen_agentchat.base import ChatAgent, Team
from autogen_agentchat.conditions import MaxMessageTermination, TextMentionTermination
from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage, StructuredMessage
from autogen_agentchat.teams import (
    DiGraphBuilder,
    GraphFlow,
    MagenticOneGroupChat,
    RoundRobinGroupChat,
    SelectorGroupChat,
    Swarm,
)
from autogen_agentchat.tools import AgentTool, TeamTool
from autogen_core.model_context import (
    BufferedChatCompletionContext,
    ChatCompletionContext,
    HeadAndTailChatCompletionContext,
)
from autogen_core.models import ChatCompletionClient
from autogen_core.tools import Workbench
from pydantic import BaseModel


class Context(Protocol):
    """What a team's factory is handed: the part of `TeamContext` that these teams use."""

    def model(self, name: str | None = None) -> ChatCompletionClient:
        """A model by name, the default one without."""
        ...

    def tools(self, *names: str) -> Workbench:
        """A workbench that holds the named tools."""
        ...


class Verdict(BaseModel):
    """What the judge answers."""

    verdict: Literal["good", "bad"]
    score: int
    reason: str


def agent(ctx: Context, name: str, *, tools: Sequence[str] = (), of: str | None = None) -> AssistantAgent:
    """An agent that is told its name, and its team's if two teams have agents of that name."""
    return AssistantAgent(
        name,
        model_client=ctx.model(),
        description=f"Plays {name}.",
        system_message=f"You are {name}{f' of {of}' if of else ''}.",
        workbench=ctx.tools(*tools) if tools else None,
    )


def agents(ctx: Context, *names: str) -> list[ChatAgent | Team]:
    """Several plain agents."""
    return [agent(ctx, name) for name in names]


def round_robin(ctx: Context) -> Team:
    """Three agents in turn, two rounds."""
    return RoundRobinGroupChat(agents(ctx, "alice", "bob", "carol"), termination_condition=MaxMessageTermination(7))


def ten_agents(ctx: Context) -> Team:
    """Ten agents in turn, two rounds."""
    names = [f"agent{number}" for number in range(10)]
    return RoundRobinGroupChat(agents(ctx, *names), max_turns=20)


def selector(ctx: Context) -> Team:
    """Three agents; a model says who is next."""
    return SelectorGroupChat(agents(ctx, "planner", "builder", "checker"), model_client=ctx.model(), max_turns=8)


def swarm(ctx: Context) -> Team:
    """Triage hands over to billing, billing looks up and hands back."""
    triage = AssistantAgent("triage", model_client=ctx.model(), handoffs=["billing"], system_message="You are triage.")
    billing = AssistantAgent(
        "billing",
        model_client=ctx.model(),
        handoffs=["triage"],
        workbench=ctx.tools("lookup_invoice"),
        system_message="You are billing.",
    )
    return Swarm([triage, billing], termination_condition=TextMentionTermination("DONE") | MaxMessageTermination(20))


def graph_sequence(ctx: Context) -> Team:
    """One agent after another."""
    first, second, third = (agent(ctx, name) for name in ("first", "second", "third"))
    graph = DiGraphBuilder().add_node(first).add_node(second).add_node(third)
    graph.add_edge(first, second).add_edge(second, third)
    return GraphFlow([first, second, third], graph=graph.build())


def graph_parallel(ctx: Context) -> Team:
    """Five agents start at once, one joins what they say."""
    starts = [agent(ctx, name) for name in ("alpha", "bravo", "charlie", "delta", "echo")]
    join = agent(ctx, "join")
    graph = DiGraphBuilder().add_node(join)
    for start in starts:
        graph.add_node(start).add_edge(start, join)
    return GraphFlow([*starts, join], graph=graph.build())


def graph_loop(ctx: Context) -> Team:
    """A writer writes until the reviewer approves; then the publisher speaks."""
    writer, reviewer, publisher = (agent(ctx, name) for name in ("writer", "reviewer", "publisher"))
    graph = DiGraphBuilder().add_node(writer, activation="any").add_node(reviewer).add_node(publisher)
    graph.add_edge(writer, reviewer).add_edge(reviewer, writer, condition="AGAIN")
    graph.add_edge(reviewer, publisher, condition="APPROVED").set_entry_point(writer)
    participants: list[ChatAgent] = [writer, reviewer, publisher]
    return GraphFlow(participants, graph=graph.build(), termination_condition=MaxMessageTermination(20))


def magentic_one(ctx: Context) -> Team:
    """An orchestrator with two agents; it replans once."""
    participants: list[ChatAgent] = [agent(ctx, "researcher"), agent(ctx, "coder")]
    return MagenticOneGroupChat(participants, model_client=ctx.model(), max_turns=12, max_stalls=2)


def society_of_mind(ctx: Context) -> Team:
    """A team that speaks as one agent, then an agent that goes on from there."""
    inner = RoundRobinGroupChat(
        agents(ctx, "drafter", "editor"), termination_condition=TextMentionTermination("APPROVED")
    )
    society = SocietyOfMindAgent("society", team=inner, model_client=ctx.model())
    return RoundRobinGroupChat([society, agent(ctx, "translator")], max_turns=3)


def nested(ctx: Context) -> Team:
    """Two teams in a team; both have an alice and a bob."""
    inner = [
        RoundRobinGroupChat([agent(ctx, "alice", of=name), agent(ctx, "bob", of=name)], name=name, max_turns=2)
        for name in ("research", "writing")
    ]
    return RoundRobinGroupChat([*inner], max_turns=4)


def single(ctx: Context) -> ChatAgent:
    """One agent without a team."""
    return agent(ctx, "solo")


def streaming(ctx: Context) -> ChatAgent:
    """One agent whose model streams."""
    return AssistantAgent("solo", model_client=ctx.model(), system_message="You are solo.", model_client_stream=True)


def _with_tools(name: str, *tools: str, reflect: bool = True, iterations: int = 1) -> Factory:
    def build(ctx: Context) -> ChatAgent:
        return AssistantAgent(
            name,
            model_client=ctx.model(),
            system_message=f"You are {name}.",
            workbench=ctx.tools(*tools),
            reflect_on_tool_use=reflect,
            max_tool_iterations=iterations,
        )

    return build


def structured(ctx: Context) -> ChatAgent:
    """One agent that answers in a given form."""
    return AssistantAgent(
        "judge", model_client=ctx.model(), system_message="You are judge.", output_content_type=Verdict
    )


def structured_team(ctx: Context) -> Team:
    """The judge in a team."""
    types: list[type[BaseAgentEvent | BaseChatMessage]] = [StructuredMessage[Verdict]]
    return RoundRobinGroupChat([structured(ctx), agent(ctx, "clerk")], max_turns=3, custom_message_types=types)


def agent_as_tool(ctx: Context) -> ChatAgent:
    """An agent that asks another one, as a tool."""
    return AssistantAgent(
        "boss",
        model_client=ctx.model(),
        system_message="You are boss.",
        tools=[AgentTool(agent(ctx, "expert"))],
        reflect_on_tool_use=True,
    )


def team_as_tool(ctx: Context) -> ChatAgent:
    """An agent that asks a team, as a tool."""
    crew = RoundRobinGroupChat(agents(ctx, "rower", "helmsman"), max_turns=2)
    return AssistantAgent(
        "director",
        model_client=ctx.model(),
        system_message="You are director.",
        tools=[TeamTool(crew, name="crew", description="Rows.")],
        reflect_on_tool_use=True,
    )


def _with_context(new_context: Callable[[], ChatCompletionContext]) -> Factory:
    def build(ctx: Context) -> Team:
        participants: list[ChatAgent | Team] = [
            AssistantAgent(
                name, model_client=ctx.model(), system_message=f"You are {name}.", model_context=new_context()
            )
            for name in ("ann", "ben")
        ]
        return RoundRobinGroupChat(participants, max_turns=12)

    return build


Factory = Callable[[Context], Team | ChatAgent]

TEAMS: Mapping[str, Factory] = {
    "round_robin": round_robin,
    "ten_agents": ten_agents,
    "selector": selector,
    "swarm": swarm,
    "graph_sequence": graph_sequence,
    "graph_parallel": graph_parallel,
    "graph_loop": graph_loop,
    "magentic_one": magentic_one,
    "society_of_mind": society_of_mind,
    "nested": nested,
    "single": single,
    "streaming": streaming,
    "tool_summary": _with_tools("adder", "add", reflect=False),
    "reflection": _with_tools("adder", "add"),
    "parallel_tools": _with_tools("twice", "add", "lookup_invoice"),
    "same_tool_twice": _with_tools("same", "add"),
    "empty_call_ids": _with_tools("anonymous", "add"),
    "equal_call_ids": _with_tools("doubled", "add"),
    "failing_tool": _with_tools("failing", "break_down"),
    "tool_loop": _with_tools("counter", "add", reflect=False, iterations=5),
    "structured": structured,
    "structured_team": structured_team,
    "agent_as_tool": agent_as_tool,
    "team_as_tool": team_as_tool,
    "buffered": _with_context(lambda: BufferedChatCompletionContext(buffer_size=4)),
    "head_and_tail": _with_context(lambda: HeadAndTailChatCompletionContext(head_size=2, tail_size=3)),
}


@dataclass(frozen=True)
class Turn:
    """One message of a conversation."""

    source: str
    text: str
