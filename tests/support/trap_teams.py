"""Teams that step into traps on purpose; an app module."""

from __future__ import annotations

from collections.abc import Sequence

from autogen_agentchat.agents import AssistantAgent, BaseChatAgent
from autogen_agentchat.base import ChatAgent, Response, Team
from autogen_agentchat.messages import BaseChatMessage, TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import CancellationToken
from autogen_core.memory import ListMemory, MemoryContent, MemoryMimeType
from autogen_core.model_context import TokenLimitedChatCompletionContext
from temporalio import workflow

from agents import TeamContext, team
from contracts.runs import RunRequest
from tests.support.teams import agent


class Speaker(BaseChatAgent):
    """Says something without a model."""

    def __init__(self, name: str) -> None:
        super().__init__(name, description=f"Plays {name}.")

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        """Plain text."""
        return (TextMessage,)

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        """Say it."""
        return Response(chat_message=TextMessage(content=self.words(messages), source=self.name))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Hold nothing."""

    def words(self, messages: Sequence[BaseChatMessage]) -> str:
        """What to say."""
        raise NotImplementedError


class Witness(Speaker):
    """Says which ids and times it has seen."""

    def words(self, messages: Sequence[BaseChatMessage]) -> str:
        """Name the messages."""
        return "; ".join(f"{message.id} at {message.created_at.isoformat()}" for message in messages)


class Onward(Speaker):
    """Goes on in a new history from inside the team, once."""

    def words(self, messages: Sequence[BaseChatMessage]) -> str:
        """Raise what the engine itself must hear."""
        if "second" not in messages[-1].to_text():
            run_id = workflow.info().workflow_id
            workflow.continue_as_new(RunRequest(run_id=run_id, team="onward", task="The second part."))
        return "We are in the second part."


@team("witnesses", version="1")
def witnesses(ctx: TeamContext) -> Team:
    """An agent with a model, and one that tells ids and times."""
    return RoundRobinGroupChat([agent(ctx, "ann"), Witness("witness")], max_turns=6)


@team("onward", version="1")
def onward(ctx: TeamContext) -> Team:
    """One that goes on in a new history."""
    return RoundRobinGroupChat([Onward("onward")], max_turns=1)


@team("remembering", version="1")
def remembering(ctx: TeamContext) -> Team:
    """A list of memories, and a context that counts tokens."""
    note = MemoryContent(content="The customer is called Ada.", mime_type=MemoryMimeType.TEXT)
    client = ctx.model()
    ann = AssistantAgent(
        "ann",
        model_client=client,
        system_message="You are ann.",
        memory=[ListMemory(memory_contents=[note])],
        model_context=TokenLimitedChatCompletionContext(client, token_limit=60),
    )
    return RoundRobinGroupChat([ann, agent(ctx, "ben")], max_turns=6)


@team("talkative", version="1")
def talkative(ctx: TeamContext) -> Team:
    """Two agents, forty turns."""
    return RoundRobinGroupChat([agent(ctx, "ann"), agent(ctx, "ben")], max_turns=40)


@team("counting", version="1")
def counting(ctx: TeamContext) -> ChatAgent:
    """One agent with a tool that is a plain function."""
    return agent(ctx, "adder", tools=["add"])
