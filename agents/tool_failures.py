"""What is raised while AutoGen executes a tool call becomes a result for the model.

AutoGen executes the calls of a reply in a task that fills a queue, and its agent waits on that queue: an error in the
task would leave the agent waiting for ever. Importing this module installs the cure, once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from autogen_agentchat.agents import AssistantAgent
from autogen_core import FunctionCall
from autogen_core.models import FunctionExecutionResult

Executed = tuple[FunctionCall, FunctionExecutionResult]
# What odd arguments bring about, such as JSON that is nested too deeply to be read. What ends a run (a spent budget, a
# cancelled call) is none of these, and has told the run itself.
_ODD = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def _told(execute: Callable[..., Awaitable[Executed]]) -> Callable[..., Awaitable[Executed]]:
    async def told(*, tool_call: FunctionCall, **rest: Any) -> Executed:
        try:
            return await execute(tool_call=tool_call, **rest)
        except _ODD as error:
            said = f"the call could not be made: {type(error).__name__}: {error}"
            return tool_call, FunctionExecutionResult(
                content=said, name=tool_call.name, call_id=tool_call.id, is_error=True
            )

    return told


AssistantAgent._execute_tool_call = staticmethod(_told(AssistantAgent._execute_tool_call))  # type: ignore[method-assign, assignment]
