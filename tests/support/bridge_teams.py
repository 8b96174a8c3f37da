"""Teams that hear events and tell of them; an app module."""

from __future__ import annotations

from datetime import timedelta

from autogen_agentchat.base import ChatAgent, Team
from autogen_agentchat.teams import RoundRobinGroupChat

from agents import TeamContext, team
from contracts.bridge import Inbound, Outbound
from tests.support.teams import TEAMS, Factory, agent, agents

PAID = "invoice.paid"


@team("paid", version="1")
def paid(ctx: TeamContext) -> Team:
    """A clerk speaks, an invoice must be paid, the clerk goes on."""
    return RoundRobinGroupChat([agent(ctx, "clerk"), ctx.events(PAID, name="billing")], max_turns=3)


@team("choosy", version="1")
def choosy(ctx: TeamContext) -> Team:
    """Waits for large invoices of one source."""
    large = ctx.events(PAID, name="billing", source="/erp", when="event.data.sum > 100")
    return RoundRobinGroupChat([agent(ctx, "clerk"), large], max_turns=3)


@team("hasty", version="1")
def hasty(ctx: TeamContext) -> Team:
    """Does not wait for long."""
    soon = ctx.events(PAID, name="billing", timeout=timedelta(seconds=0.2))
    return RoundRobinGroupChat([soon, agent(ctx, "clerk")], max_turns=2)


@team("following", version="1")
def following(ctx: TeamContext) -> Team:
    """Waits again and again."""
    return RoundRobinGroupChat([ctx.events(PAID, name="billing"), agent(ctx, "clerk")], max_turns=6)


NEWS = Inbound(type="news", as_message="News: ${event.data.what}", author="outside")


def _listening(name: str, factory: Factory) -> None:
    def build(ctx: TeamContext) -> Team | ChatAgent:
        ctx.bridge(inbound=[NEWS])
        return factory(ctx)

    team(f"listening-{name}", version="1")(build)


for _name, _factory in TEAMS.items():
    _listening(_name, _factory)


@team("telling", version="1")
def telling(ctx: TeamContext) -> Team:
    """Its messages become events."""
    ctx.bridge(
        outbound=[
            Outbound(type="said", source="clerk", subject="${run.id}", data={"text": "${message.text}", "n": 1}),
            Outbound(type="judged", where={"verdict": "bad"}, data="${message.value.reason}"),
            Outbound(type="alarm", contains="FIRE"),
        ]
    )
    return RoundRobinGroupChat(agents(ctx, "clerk", "boss"), max_turns=4)


@team("echoing", version="1")
def echoing(ctx: TeamContext) -> Team:
    """What comes in would go out again, were it not known."""
    ctx.bridge(inbound=[Inbound(type="*")], outbound=[Outbound(type="said")])
    return RoundRobinGroupChat(agents(ctx, "clerk", "boss"), max_turns=2)


@team("misnamed", version="1")
def misnamed(ctx: TeamContext) -> Team:
    """An event would speak as an agent."""
    ctx.bridge(inbound=[Inbound(type="news", author="clerk")])
    return RoundRobinGroupChat(agents(ctx, "clerk"), max_turns=2)


@team("computing", version="1")
def computing(ctx: TeamContext) -> Team:
    """Its template asks for more than a path."""
    ctx.bridge(inbound=[Inbound(type="news", as_message="${event.data.sum * 2}")])
    return RoundRobinGroupChat(agents(ctx, "clerk"), max_turns=2)


@team("accounting", version="1")
def accounting(ctx: TeamContext) -> Team:
    """Books one payment after another, and hears the news."""
    ctx.bridge(inbound=[NEWS])
    return RoundRobinGroupChat([agent(ctx, "clerk"), ctx.events(PAID, name="billing")], max_turns=16)


@team("patient", version="1")
def patient(ctx: TeamContext) -> Team:
    """Hears three payments, one after another."""
    return RoundRobinGroupChat([agent(ctx, "clerk"), ctx.events(PAID, name="billing")], max_turns=6)


@team("ears", version="1")
def ears(ctx: TeamContext) -> Team:
    """Hears what is said elsewhere, until it is told to think about it."""
    ctx.bridge(inbound=[Inbound(type="said", as_message="${event.data.text}", author="elsewhere")])
    return RoundRobinGroupChat([ctx.events("think", name="bell"), agent(ctx, "clerk")], max_turns=2)
