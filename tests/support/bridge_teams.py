"""Teams that hear events and tell of them; an app module."""

from __future__ import annotations

from datetime import timedelta

from autogen_agentchat.base import Team
from autogen_agentchat.teams import RoundRobinGroupChat

from agents import TeamContext, team
from tests.support.teams import agent

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
