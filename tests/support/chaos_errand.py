"""A run of twelve calls, six of a model and six of tools, each of which leaves a trace; as an app, for PERDURE_APP.

The first prompt is long enough to be stored before it is sent. Of the tools two are quick. The model and the tools take
their time, so that a worker can be killed while they work.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import ChatAgent

from agents import TeamContext, team, tool
from tests.support.answers import Answer, Call, Slow, Text, Tools
from tests.support.chat import ChatRequest
from tests.support.scripts import LONG_ANSWER, seen
from tools.context import ToolContext

TEAM = "errand"
TASK = "Run the errand. " + LONG_ANSWER * 75  # 150 KB
MODEL_SECONDS = 0.3
TOOL_SECONDS = 0.3
MODEL_CALLS = 6
SLOW_TOOLS = ("one", "three", "four", "six")
QUICK_TOOLS = ("two", "five")
_LOG = "errand.log"


async def jot(word: str, context: ToolContext) -> str:
    """Write a word down."""
    return await _trace(word, context)


async def peek(word: str, context: ToolContext) -> str:
    """Look at a word."""
    return await _trace(word, context)


@team(TEAM)
def errand(ctx: TeamContext) -> ChatAgent:
    """One agent that works through its list."""
    return AssistantAgent(
        "runner",
        model_client=ctx.model(),
        system_message="You are runner.",
        workbench=ctx.tools("jot", "peek"),
        max_tool_iterations=MODEL_CALLS,
    )


def work_through(request: ChatRequest) -> Answer:
    """Ask for the next tools of the list; at its end, say what was seen."""
    steps = (("jot", "one"),), (("peek", "two"),), (("jot", "three"), ("jot", "four")), (("peek", "five"),)
    done = len(request.texts_of("assistant"))
    if done == MODEL_CALLS - 1:
        return Slow(MODEL_SECONDS, Text(f"runner saw {seen(request)}"))
    step = (*steps, (("jot", "six"),))[done]
    return Slow(MODEL_SECONDS, Tools(tuple(Call(name, {"word": word}) for name, word in step)))


def traces(home: Path, run_id: str) -> list[str]:
    """What the tools of a run have written: `begin WORD` and `end WORD`."""
    log = home / "runs" / run_id / _LOG
    return log.read_text().splitlines() if log.exists() else []


async def _trace(word: str, context: ToolContext) -> str:
    _append(context.output / _LOG, f"begin {word}")
    await asyncio.sleep(TOOL_SECONDS)
    _append(context.output / _LOG, f"end {word}")
    return f"{word} is done"


def _append(log: Path, line: str) -> None:
    with log.open("a") as file:
        file.write(line + "\n")


tool(jot)
tool(quick=True)(peek)
