"""Research: `PERDURE_APP=examples.research.app` registers the flow `research`, its teams and its tool.

The sources are documents in the state store, under `sources/`: `examples/research/sources.jsonl` holds some.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autogen_agentchat.agents import AssistantAgent

import examples.research.scripts  # noqa: F401 - registers what agents say without a real model
from agents import TeamContext, team, tool
from flows.registry import flow_file

SOURCES = Path(__file__).with_name("sources.jsonl")

READER = """You read one source for one question. Quote at most two of its sentences, word for word, that help to answer
the question, those first that tell what is said to be missing. Answer with JSON only: {"quotes": ["..."]}."""

JUDGE = """You judge how well notes answer a question. Answer with JSON only:
{"quality": 0 to 1, "missing": "what the question asks and the notes do not tell, in a few words"}."""

AUTHOR = """You answer a question in a few sentences, out of the notes alone. Say at the end what they do not tell."""


@tool(quick=True)
def collect_quotes(notes: list[str], results: list[Any]) -> list[str]:
    """Put what readers quoted behind the notes, each sentence once.

    Args:
        notes: what is there.
        results: what the readers returned; None for those that failed.
    """
    quotes = [quote for one in results if one for quote in one["value"]["quotes"]]
    return list(dict.fromkeys([*notes, *quotes]))


@team("reader", version="1")
def reader(ctx: TeamContext) -> AssistantAgent:
    """Quotes what a source says about a question."""
    return AssistantAgent("reader", model_client=ctx.model(), system_message=READER)


@team("judge", version="1")
def judge(ctx: TeamContext) -> AssistantAgent:
    """Says how well notes answer a question, and what they lack."""
    return AssistantAgent("judge", model_client=ctx.model(), system_message=JUDGE)


@team("author", version="1")
def author(ctx: TeamContext) -> AssistantAgent:
    """Answers a question out of notes."""
    return AssistantAgent("author", model_client=ctx.model(), system_message=AUTHOR)


def sources() -> dict[str, dict[str, str]]:
    """The sources of the example, by their keys."""
    lines = SOURCES.read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines if line]
    return {one["key"]: {"title": one["title"], "text": one["text"]} for one in found}


RESEARCH = flow_file(Path(__file__).with_name("flow.yaml"))
