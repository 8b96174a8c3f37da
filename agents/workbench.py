"""The workbench that agents get: each tool call is an activity, and a failed one is told to the model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from autogen_core import CancellationToken
from autogen_core.tools import TextResultContent, ToolResult, ToolSchema, Workbench
from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError

from agents.dispatch import HEARTBEAT_TIMEOUT, RETRIES, deliver
from agents.run import Reply, Run
from contracts.calls import ToolOutcome, ToolRequest
from contracts.conversation import Recipe
from contracts.errors import BackendUnavailable, PayloadTooLarge
from contracts.payloads import guard
from tools.registry import TOOLS, RegisteredTool

# Short arguments are readable in the Temporal UI; longer ones came out of the model's reply and are not sent again.
_INLINE_ARGUMENTS = 1024
_SUMMARY_CHARS = 60
# The activity watches the tool's time itself, so that it can say what ran out; the server's limit comes after it.
_TIMEOUT_MARGIN = timedelta(seconds=5)


class DurableWorkbench(Workbench):
    """Stands for registered tools inside a workflow.

    Args:
        run: the run that it works for.
        names: the tools' registered names.
        path: whose tools they are; empty until the team is bound.
    """

    component_type = "workbench"
    component_config_schema = BaseModel

    def __init__(self, run: Run, names: Sequence[str], *, path: str = "") -> None:
        self._run = run
        self._tools = {name: TOOLS.get(name) for name in names}
        self._path = path

    def bound(self, path: str) -> DurableWorkbench:
        """The same tools, called by that path."""
        return DurableWorkbench(self._run, list(self._tools), path=path)

    async def list_tools(self) -> list[ToolSchema]:
        """The tools' schemas, in the order they were named."""
        return [cast(ToolSchema, tool.schema) for tool in self._tools.values()]

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        call_id: str | None = None,
    ) -> ToolResult:
        """Call a tool in an activity. What goes wrong in it is a result for the model, not an error of the run."""
        run = self._run
        run.check_going()
        turn = run.turn()
        await run.within_budget(lambda: run.account.reserve_tool_call(in_turn=turn.tool_calls, now=workflow.time()))
        turn.tool_calls += 1
        request = ToolRequest(
            path=self._path, turn=turn.number, tool=name, files=run.request.files, arguments=_as_json(arguments)
        )
        try:
            outcome = await self._call(request, self._activity_id(name, call_id), cancellation_token)
        except (PayloadTooLarge, BackendUnavailable) as error:
            outcome = ToolOutcome(text=str(error), failed=True)
        except ActivityError as error:
            if not isinstance(error.cause, ApplicationError | TimeoutError):
                run.stop(error)
                raise
            outcome = ToolOutcome(text=f"tool {name!r} failed: {error.cause}", failed=True)
        run.prompts.learn(outcome.text)
        return ToolResult(name=name, result=[TextResultContent(content=outcome.text)], is_error=outcome.failed)

    async def start(self) -> None:
        """Do nothing: tools live in the worker."""

    async def stop(self) -> None:
        """Do nothing: tools live in the worker."""

    async def reset(self) -> None:
        """Do nothing: a workbench holds no state."""

    async def save_state(self) -> Mapping[str, Any]:
        """Return nothing: a workbench holds no state."""
        return {}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Do nothing: a workbench holds no state."""

    def _activity_id(self, name: str, call_id: str | None) -> str:
        reply = self._run.replies.setdefault(self._path, Reply(f"{self._path}:0", []))
        return f"{reply.activity_id}:{name}.{reply.position(call_id, name)}"

    async def _call(self, request: ToolRequest, activity_id: str, token: CancellationToken | None) -> ToolOutcome:
        tool = self._tools[request.tool]
        text = str(request.arguments)
        if tool.quick or len(text.encode()) <= _INLINE_ARGUMENTS:
            return await self._send(tool, request, activity_id=activity_id, token=token)

        async def call(recipe: Recipe, try_id: str) -> ToolOutcome:
            whole = request.model_copy(update={"arguments": recipe})
            return await self._send(tool, whole, activity_id=try_id, token=token)

        book = self._run.prompts
        return await deliver(book, book.text(text), caller=self._path, activity_id=activity_id, call=call)

    async def _send(
        self, tool: RegisteredTool, request: ToolRequest, *, activity_id: str, token: CancellationToken | None
    ) -> ToolOutcome:
        self._run.check_going()
        guard(f"the call of tool {tool.name!r}", request, advice="pass less in its arguments")
        start = _start_quick if tool.quick else _start
        return await self._run.outcome(start(tool, request, activity_id), token)


def _start(tool: RegisteredTool, request: ToolRequest, activity_id: str) -> workflow.ActivityHandle[ToolOutcome]:
    return workflow.start_activity(
        "call_tool",
        request,
        result_type=ToolOutcome,
        activity_id=activity_id,
        start_to_close_timeout=tool.timeout + _TIMEOUT_MARGIN,
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        retry_policy=replace(RETRIES, maximum_attempts=max(RETRIES.maximum_attempts, tool.attempts)),
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        summary=_summary(request),
    )


def _start_quick(tool: RegisteredTool, request: ToolRequest, activity_id: str) -> workflow.ActivityHandle[ToolOutcome]:
    return workflow.start_local_activity(
        "call_quick_tool",
        request,
        result_type=ToolOutcome,
        activity_id=activity_id,
        start_to_close_timeout=tool.timeout + _TIMEOUT_MARGIN,
        retry_policy=RetryPolicy(maximum_attempts=tool.attempts),
        summary=_summary(request),
    )


def _as_json(arguments: Mapping[str, Any] | None) -> str:
    # A model may send a list or a number here, and AutoGen hands it on; the activity says what is wrong with it.
    return json.dumps({} if arguments is None else arguments, ensure_ascii=False, separators=(",", ":"))


def _summary(request: ToolRequest) -> str:
    inner = "…"
    if isinstance(request.arguments, str):
        arguments = json.loads(request.arguments)
        inner = ", ".join(map(str, arguments.values() if isinstance(arguments, dict) else [arguments]))
    shown = inner if len(inner) <= _SUMMARY_CHARS else inner[: _SUMMARY_CHARS - 1] + "…"
    return f"{request.tool}({shown})"
