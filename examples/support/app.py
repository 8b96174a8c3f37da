"""Support: `PERDURE_APP=examples.support.app` registers the flow `support` and what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import ChatAgent, Team
from autogen_agentchat.teams import RoundRobinGroupChat

import examples.support.scripts  # noqa: F401 - registers what agents say without a real model
from agents import TeamContext, team, tool
from examples.support import knowledge
from flows.registry import flow_file

SORTER = """You sort tickets. Call find_articles once with the ticket's words. Then answer with JSON only:
{"category": "account|billing|technical|other", "priority": "low|normal|high|urgent", "confidence": 0 to 1,
"why": "one sentence", "reply": "an answer to the customer, out of the articles"}.
confidence says how sure you are that the reply settles the ticket."""

CHECKER = """You check what the sorter says of a ticket. Urgent is what harms data, safety or many people, or comes with
a threat to go to court. Lower the confidence where the reply does not fit what the customer asks, or did not help
before. Answer with the whole JSON only, corrected."""

EXPERT = """You know the accounts of customers. Call look_up_account once with the customer's name, which the ticket
begins with. Then say in two sentences what you found that explains the ticket, or "nothing"."""

EDITOR = """You write the reply to the customer out of what the expert found. Answer with JSON only:
{"confidence": 0 to 1, "reply": "..."}. confidence says how sure you are that the reply settles the ticket."""

DESK = """You answer a customer of whom you may remember something. Call find_articles once with the customer's words.
Then answer in two sentences, out of the articles and of what you remember."""

# Where the state of a ticket may go. Set by the demo; without it the flow works all the same.
RULES = {
    "machine": {
        "initial": ["new"],
        "states": ["new", "open", "triaged", "asked", "decided", "answered", "reopened", "closed"],
        "transitions": [
            {"event": "take", "source": ["new"], "target": "open"},
            {"event": "triage", "source": ["open", "reopened"], "target": "triaged"},
            {"event": "ask", "source": ["open", "triaged", "reopened"], "target": "asked"},
            {"event": "decide", "source": ["asked"], "target": "decided"},
            {"event": "answer", "source": ["triaged", "decided"], "target": "answered"},
            {"event": "reopen", "source": ["answered"], "target": "reopened"},
            {"event": "close", "source": ["asked", "answered", "reopened"], "target": "closed"},
        ],
        "final": ["closed"],
    }
}


@tool(quick=True)
def find_articles(text: str) -> list[dict[str, Any]]:
    """Find articles of the help centre, the best first.

    Args:
        text: words of the ticket.
    """
    found = knowledge.search(text)[:3]
    return [
        {"title": one.title, "category": one.category, "answer": one.answer, "score": score} for one, score in found
    ]


@tool(quick=True)
def look_up_account(customer: str) -> str:
    """Look up what the books and the monitoring say of a customer.

    Args:
        customer: the customer's name.
    """
    return knowledge.ACCOUNTS.get(customer.lower(), "nothing")


@team("triage", version="1")
def triage(ctx: TeamContext) -> Team:
    """Reads a ticket: what it is about, how urgent it is, what could be answered, and how sure that is."""
    sorter = AssistantAgent(
        "sorter",
        model_client=ctx.model(),
        workbench=ctx.tools("find_articles"),
        system_message=SORTER,
        reflect_on_tool_use=True,
    )
    checker = AssistantAgent("checker", model_client=ctx.model(), system_message=CHECKER)
    return RoundRobinGroupChat([sorter, checker], max_turns=2)


@team("specialists", version="1")
def specialists(ctx: TeamContext) -> Team:
    """Looks into a customer's account and writes a reply."""
    expert = AssistantAgent(
        "expert",
        model_client=ctx.model(),
        workbench=ctx.tools("look_up_account"),
        system_message=EXPERT,
        reflect_on_tool_use=True,
    )
    editor = AssistantAgent("editor", model_client=ctx.model(), system_message=EDITOR)
    return RoundRobinGroupChat([expert, editor], max_turns=2)


@team("desk", version="1")
def desk(ctx: TeamContext) -> ChatAgent:
    """Answers a customer out of the articles and of what is remembered of that customer."""
    return AssistantAgent(
        "desk",
        model_client=ctx.model(),
        workbench=ctx.tools("find_articles"),
        system_message=DESK,
        reflect_on_tool_use=True,
    )


SUPPORT = flow_file(Path(__file__).with_name("flow.yaml"))
