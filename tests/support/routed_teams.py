"""Core agents that talk by topics, hear events and tell of them; an app module."""

from __future__ import annotations

from dataclasses import dataclass

from autogen_core import MessageContext, RoutedAgent, TopicId, message_handler
from autogen_core.models import ChatCompletionClient, LLMMessage, SystemMessage, UserMessage
from autogen_core.tools import Workbench
from pydantic import BaseModel

from agents import Inbound, Outbound, RoutedTeam, Subscriber, TeamContext, team
from contracts.events import Event


class Claim(BaseModel):
    """What is claimed."""

    what: str
    sum: int = 0


@dataclass
class Review:
    """What the clerk thinks of a claim."""

    claim: str
    opinion: str


@dataclass
class Verdict:
    """What becomes of a claim."""

    claim: str
    verdict: str


class Clerk(RoutedAgent):
    """Asks a model about each claim, and publishes what it says."""

    def __init__(self, model: ChatCompletionClient) -> None:
        super().__init__("Looks at claims.")
        self._model = model

    @message_handler
    async def on_claim(self, message: Claim, ctx: MessageContext) -> None:
        """Ask, and publish."""
        prompt: list[LLMMessage] = [
            SystemMessage(content="You are clerk."),
            UserMessage(content=message.what, source="claims"),
        ]
        reply = await self._model.create(prompt, cancellation_token=ctx.cancellation_token)
        await self.publish_message(Review(message.what, str(reply.content)), TopicId("reviews", source="default"))


class Auditor(RoutedAgent):
    """Decides with a tool, in the end."""

    def __init__(self, tools: Workbench) -> None:
        super().__init__("Decides.")
        self._tools = tools

    @message_handler
    async def on_review(self, message: Review, ctx: MessageContext) -> None:
        """Decide."""
        result = await self._tools.call_tool("add", {"a": len(message.claim), "b": 1})
        verdict = Verdict(message.claim, f"{message.opinion} ({result.to_text()})")
        await self.publish_message(verdict, TopicId("verdicts", source="default"))


class Listener(RoutedAgent):
    """Ends it when it hears of the last event."""

    @message_handler
    async def on_event(self, message: Event, ctx: MessageContext) -> None:
        """End it."""
        await self.publish_message(f"closed by {message.id}", TopicId("closed", source="default"))


def _subscribers(ctx: TeamContext) -> list[Subscriber]:
    model, tools = ctx.model(), ctx.tools("add")
    return [
        Subscriber(type="clerk", factory=lambda: Clerk(model), topics=["claims"]),
        Subscriber(type="auditor", factory=lambda: Auditor(tools), topics=["reviews"]),
        Subscriber(type="listener", factory=lambda: Listener("Ends it."), topics=["ends"]),
    ]


@team("claims", version="1")
def claims(ctx: TeamContext) -> RoutedTeam:
    """Claims come from outside, verdicts go there, until it is closed."""
    ctx.bridge(
        inbound=[
            Inbound(type="claim.filed", topic="claims", message=Claim, as_message="Claim: ${event.data.what}"),
            Inbound(type="closing", topic="ends"),
        ],
        outbound=[
            Outbound(type="claim.decided", topic="verdicts", subject="${message.value.claim}", data="${message.value}")
        ],
    )
    return RoutedTeam(subscribers=_subscribers(ctx), topic="claims", done="closed")


@team("one-claim", version="1")
def one_claim(ctx: TeamContext) -> RoutedTeam:
    """The task is the claim."""
    return RoutedTeam(subscribers=_subscribers(ctx), topic="claims", start=lambda task: Claim(what=task))
