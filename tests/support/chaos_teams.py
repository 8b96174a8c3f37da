"""Teams whose conversations can be made as long as a test wants, and the rule that keeps them talking."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from autogen_agentchat.agents import (
    AssistantAgent,
    MessageFilterAgent,
    MessageFilterConfig,
    PerSourceFilter,
    SocietyOfMindAgent,
)
from autogen_agentchat.base import ChatAgent, Team
from autogen_agentchat.conditions import MaxMessageTermination, TextMentionTermination, TokenUsageTermination
from autogen_agentchat.teams import (
    DiGraphBuilder,
    GraphFlow,
    MagenticOneGroupChat,
    RoundRobinGroupChat,
    SelectorGroupChat,
    Swarm,
)
from autogen_agentchat.tools import AgentTool
from autogen_core.model_context import (
    BufferedChatCompletionContext,
    ChatCompletionContext,
    HeadAndTailChatCompletionContext,
)

from tests.support.answers import Answer, Call, Slow, Text, Tools
from tests.support.chat import ChatRequest, short_digest
from tests.support.scripts import seen, teams
from tests.support.teams import Context, Factory, agent, agents

_LONG_WORDS = 120

LongTeam = Callable[[Context, int], Team]


def two(ctx: Context, turns: int) -> Team:
    """Two agents in turn."""
    return RoundRobinGroupChat(agents(ctx, "ann", "ben"), termination_condition=MaxMessageTermination(turns + 1))


def selector(ctx: Context, turns: int) -> Team:
    """Three agents; a model says who is next."""
    return SelectorGroupChat(agents(ctx, "planner", "builder", "checker"), model_client=ctx.model(), max_turns=turns)


def swarm(ctx: Context, turns: int) -> Team:
    """Two agents that hand over to each other."""
    players: list[ChatAgent] = [
        AssistantAgent(name, model_client=ctx.model(), handoffs=[other], system_message=f"You are {name}.")
        for name, other in (("ping", "pong"), ("pong", "ping"))
    ]
    return Swarm(players, termination_condition=MaxMessageTermination(1_000_000), max_turns=turns)


def graph(ctx: Context, turns: int) -> Team:
    """A loop in which two critics speak at once and an editor waits for both; rounds are turns in three steps."""
    writer, early, late, editor, end = (agent(ctx, name) for name in ("writer", "early", "late", "sub", "end"))
    builder = (
        DiGraphBuilder()
        .add_node(writer, activation="any")
        .add_node(early)
        .add_node(late)
        .add_node(editor)
        .add_node(end)
    )
    builder.add_edge(writer, early).add_edge(writer, late).add_edge(early, editor).add_edge(late, editor)
    builder.add_edge(editor, writer, condition="again").add_edge(editor, end, condition="over").set_entry_point(writer)
    return GraphFlow([writer, early, late, editor, end], graph=builder.build(), max_turns=turns)


def nested(ctx: Context, turns: int) -> Team:
    """Two teams in a team; one is a graph that ends in the middle of its own work."""
    talk = RoundRobinGroupChat(agents(ctx, "alice", "bob"), name="talk", max_turns=3)
    first, second, third, end = (agent(ctx, name) for name in ("erin", "carl", "dora", "end"))
    builder = DiGraphBuilder().add_node(first, activation="any").add_node(second).add_node(third).add_node(end)
    builder.add_edge(first, second).add_edge(second, third).add_edge(third, first, condition="turn")
    builder.add_edge(third, end, condition="over")
    flow = GraphFlow(
        [first, second, third, end], name="flow", graph=builder.set_entry_point(first).build(), max_turns=2
    )
    return RoundRobinGroupChat([talk, flow], max_turns=turns)


def society(ctx: Context, turns: int) -> Team:
    """A team that speaks as one agent, and one agent."""
    inner = RoundRobinGroupChat(agents(ctx, "drafter", "poet"), termination_condition=MaxMessageTermination(3))
    mind = SocietyOfMindAgent("society", team=inner, model_client=ctx.model())
    return RoundRobinGroupChat([mind, agent(ctx, "translator")], max_turns=turns)


def asking(ctx: Context, turns: int) -> Team:
    """An agent that asks an expert as a tool, who remembers earlier questions, and one behind a filter."""
    boss = AssistantAgent(
        "boss",
        model_client=ctx.model(),
        system_message="You are boss.",
        tools=[AgentTool(agent(ctx, "expert"))],
        reflect_on_tool_use=True,
    )
    last_only = MessageFilterConfig(per_source=[PerSourceFilter(source="boss", position="last", count=1)])
    shy = MessageFilterAgent("shy", wrapped_agent=agent(ctx, "shy"), filter=last_only)
    return RoundRobinGroupChat([boss, shy], max_turns=turns)


def conditions(ctx: Context, turns: int) -> Team:
    """Ends when a word was said, long ago, and enough tokens were used; or after far too many messages."""
    both = TextMentionTermination("ann turn 2 ") & TokenUsageTermination(max_total_token=turns * turns * 4)
    return RoundRobinGroupChat(agents(ctx, "ann", "ben"), termination_condition=MaxMessageTermination(1000) | both)


def magentic(ctx: Context, turns: int) -> Team:
    """An orchestrator with two agents, who go on for as long as they may."""
    participants: list[ChatAgent] = [agent(ctx, "researcher"), agent(ctx, "coder")]
    return MagenticOneGroupChat(participants, model_client=ctx.model(), max_turns=turns, max_stalls=3)


def _with_context(new_context: Callable[[], ChatCompletionContext]) -> LongTeam:
    def build(ctx: Context, turns: int) -> Team:
        participants: list[ChatAgent | Team] = [
            AssistantAgent(
                name, model_client=ctx.model(), system_message=f"You are {name}.", model_context=new_context()
            )
            for name in ("ann", "ben")
        ]
        return RoundRobinGroupChat(participants, max_turns=turns)

    return build


KINDS: Mapping[str, LongTeam] = {
    "two": two,
    "selector": selector,
    "swarm": swarm,
    "graph": graph,
    "nested": nested,
    "society": society,
    "asking": asking,
    "conditions": conditions,
    "magentic": magentic,
    "buffered": _with_context(lambda: BufferedChatCompletionContext(buffer_size=4)),
    "head_and_tail": _with_context(lambda: HeadAndTailChatCompletionContext(head_size=2, tail_size=3)),
}


def lasting(kind: str, turns: int) -> Factory:
    """The factory of a team of that kind which talks for so many turns."""
    return lambda ctx: KINDS[kind](ctx, turns)


def keep_talking(request: ChatRequest) -> Answer:
    """Answer for every team of this module; what is said names the prompt that was seen."""
    if "output an answer in pure JSON format" in request.last_text:
        return _ledger(request)
    if request.speaker in ("ping", "pong"):
        other = "pong" if request.speaker == "ping" else "ping"
        return Tools((Call(f"transfer_to_{other}"),), text=f"I saw {seen(request)}.")
    if request.speaker == "late":
        return Slow(0.15, _said(request))
    if request.speaker == "expert":
        return _said(request)
    return teams(request) if request.speaker == "boss" else _said_or_chosen(request)


def keep_talking_long(request: ChatRequest) -> Answer:
    """The same with 2 KB in each answer of an agent, no two alike."""
    answer = keep_talking(request)
    if not isinstance(answer, Text) or " turn " not in answer.text:
        return answer
    more = " ".join(short_digest(f"{answer.text} {word}".encode()) for word in range(_LONG_WORDS))
    return Text(f"{answer.text} {more}")


def _said_or_chosen(request: ChatRequest) -> Answer:
    return _said(request) if request.speaker and not request.speaker[0].isupper() else teams(request)


def _said(request: ChatRequest) -> Text:
    turn = len(request.texts_of("assistant")) + 1
    again = "It is all to be done again." if request.speaker == "sub" else "That is all I have to say on this."
    return Text(f"{request.speaker} turn {turn} saw {seen(request)}. {again}")


def _ledger(request: ChatRequest) -> Answer:
    speaker = ("coder", "researcher")[int(seen(request), 16) % 2]
    entry = {
        "is_request_satisfied": {"reason": "never", "answer": False},
        "is_in_loop": {"reason": "no", "answer": False},
        "is_progress_being_made": {"reason": "by and by", "answer": int(seen(request), 16) % 11 != 0},
        "next_speaker": {"reason": "by lot", "answer": speaker},
        "instruction_or_question": {"reason": "next step", "answer": f"Now do your part, {speaker}."},
    }
    return Text(json.dumps(entry))
