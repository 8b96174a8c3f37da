"""The activity that runs a tool as a step of a flow: its value is the step's output, its error the step's error."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import journal as journals
from activities import tool_answers
from activities.failures import as_failures
from activities.heartbeat import heartbeating
from activities.tool_calls import cancelled_from_outside, invoke, tool_context
from contracts.conversation_ports import ResultJournal
from contracts.errors import CallerError, OperatorError, PayloadTooLarge
from contracts.steps import FlowToolOutcome, FlowToolRequest
from tools.registry import RegisteredTool, ToolRegistry

# What a step may hand on; the workflow would refuse more.
MAX_OUTPUT_BYTES = 64 * 1024


class FlowTools:
    """Runs registered tools for flows.

    Args:
        tools: the tools there are.
        home: the data folder; a run's tools may write to `runs/<run id>` in it.
        journal: keeps outcomes, so that a repeated attempt does not run the tool again.
    """

    def __init__(self, tools: ToolRegistry, *, home: Path, journal: ResultJournal) -> None:
        self._tools = tools
        self._home = home
        self._journal = journal

    @activity.defn(name="call_flow_tool")
    async def call_flow_tool(self, request: FlowToolRequest) -> FlowToolOutcome:
        """Run a tool, or return what an earlier attempt of this call has recorded."""
        with as_failures():
            async with heartbeating():
                if (known := await journals.recorded(self._journal, request, FlowToolOutcome)) is not None:
                    return known
                entry = self._tools.get(request.tool)
                outcome = await self._run(entry, request)
                await journals.record(self._journal, request, outcome)
                return outcome

    async def _run(self, entry: RegisteredTool, request: FlowToolRequest) -> FlowToolOutcome:
        context = tool_context(entry, home=self._home, path=request.step, files=request.files)
        bound = entry.bind(request.arguments, context)
        try:
            value = await invoke(entry, bound, seconds=request.seconds)
        except asyncio.CancelledError as error:
            if cancelled_from_outside():
                raise
            raise _failed(entry, error) from error
        except (CallerError, OperatorError):
            raise
        except (Exception, SystemExit) as error:
            raise _failed(entry, error) from error
        return _outcome(entry, value)


def _failed(entry: RegisteredTool, error: BaseException) -> ApplicationError:
    """A failure that the step's `retry` counts."""
    activity.logger.debug("tool %s failed", entry.name, exc_info=error)
    return ApplicationError(tool_answers.failure(entry.name, error).text, type="ToolFailed")


def _outcome(entry: RegisteredTool, value: Any) -> FlowToolOutcome:
    text = tool_answers.answer(entry.name, value).text
    size = len(text.encode())
    if size > MAX_OUTPUT_BYTES:
        advice = "return less, or let the tool write it into the state"
        raise PayloadTooLarge(f"the answer of tool {entry.name!r}", size=size, limit=MAX_OUTPUT_BYTES, advice=advice)
    return FlowToolOutcome(output=text if isinstance(value, str) else None if value is None else json.loads(text))
