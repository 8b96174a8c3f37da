"""The activities that run tools. What goes wrong in a tool is told to the model; only what may pass is tried again."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import json
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import journal as journals
from activities import tool_answers
from activities.conversation_id import conversation_id
from activities.heartbeat import heartbeating
from activities.segments import answer_blobs, resolve
from activities.threads import run_in_thread
from contracts.calls import ToolOutcome, ToolRequest
from contracts.conversation import Missing
from contracts.conversation_ports import ResultJournal, SegmentStore
from contracts.errors import BackendUnavailable, BadRequest, ToolFailed, UnknownName
from tools.registry import RegisteredTool, ToolContext, ToolRegistry

# What says of an HTTP client's error that the connection failed, by the name of one of its base classes: the clients
# themselves are not imported here. The connection errors of the standard library and of `requests` are OSErrors.
_TRANSPORT_ERRORS = {"TransportError", "ClientConnectionError", "APIConnectionError"}
# These OSErrors say the same each time.
_LASTING_ERRORS = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError)


class ToolCalls:
    """Runs registered tools.

    Args:
        tools: the tools there are.
        home: the data folder; a run's tools may write to `runs/<run id>` in it.
        store: keeps the pieces of answers, so that prompts can name them.
        journal: keeps outcomes, so that a repeated attempt does not run the tool again.
    """

    def __init__(self, tools: ToolRegistry, *, home: Path, store: SegmentStore, journal: ResultJournal) -> None:
        self._tools = tools
        self._home = home
        self._store = store
        self._journal = journal

    @activity.defn(name="call_tool")
    async def call_tool(self, request: ToolRequest) -> ToolOutcome:
        """Run a tool, or return what an earlier attempt of this call has recorded."""
        async with heartbeating():
            if (recorded := await journals.recorded(self._journal, request, ToolOutcome)) is not None:
                return recorded
            arguments = await self._arguments(request)
            if isinstance(arguments, Missing):
                return ToolOutcome(missing=arguments)
            outcome = await self._run(request, arguments)
            await asyncio.gather(self._keep_pieces(outcome), journals.record(self._journal, request, outcome))
            return outcome

    @activity.defn(name="call_quick_tool")
    async def call_quick_tool(self, request: ToolRequest) -> ToolOutcome:
        """Run a tool that may run twice, as a local activity: without heartbeat and journal."""
        arguments = await self._arguments(request)
        if isinstance(arguments, Missing):
            return ToolOutcome(missing=arguments)
        outcome = await self._run(request, arguments)
        await self._keep_pieces(outcome)
        return outcome

    async def _arguments(self, request: ToolRequest) -> str | Missing:
        if isinstance(request.arguments, str):
            return request.arguments
        found = await resolve(self._store, conversation_id(), request.arguments)
        return found if isinstance(found, Missing) else found.text

    async def _run(self, request: ToolRequest, arguments: str) -> ToolOutcome:
        try:
            entry = self._tools.get(request.tool)
        except UnknownName as error:
            return tool_answers.failure(request.tool, error)
        try:
            context = tool_context(entry, home=self._home, path=request.path, files=request.files)
            bound = entry.bind(_parsed(arguments, tool=entry.name), context)
            return tool_answers.answer(entry.name, await invoke(entry, bound))
        except asyncio.CancelledError as error:
            if cancelled_from_outside():
                raise
            return tool_answers.failure(entry.name, error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a tool may raise anything, and the model is told of it
            return _told_or_retried(entry, error)

    async def _keep_pieces(self, outcome: ToolOutcome) -> None:
        # The work is done: returning it now is better than doing it once more because its pieces could not be kept.
        try:
            await self._store.write(conversation_id(), answer_blobs(outcome.text))
        except BackendUnavailable as error:
            activity.logger.warning("the pieces of the tool's answer could not be stored: %s", error)


def tool_context(entry: RegisteredTool, *, home: Path, path: str, files: str | None) -> ToolContext:
    """What a tool may know of the activity that calls it.

    Args:
        entry: the tool.
        home: the data folder.
        path: who calls.
        files: folder that it may read.
    """
    run_id = conversation_id()
    context = ToolContext(
        run_id=run_id,
        path=path,
        files=Path(files) if files else None,
        output=home / "runs" / run_id,
        idempotency_key=journals.call_key(),
    )
    if entry.signature.context:
        # A tool that only reads works in a read-only data folder too; one that writes says what is wrong.
        with contextlib.suppress(OSError):
            context.output.mkdir(parents=True, exist_ok=True)
    return context


async def invoke(entry: RegisteredTool, arguments: dict[str, Any], *, seconds: float | None = None) -> Any:
    """Call a tool within its time, or within so many seconds.

    Raises:
        ToolFailed: it took longer.
        Exception: whatever the tool raised.
    """
    allowed = entry.timeout_seconds if seconds is None else seconds
    limit = asyncio.timeout(allowed)
    try:
        async with limit:
            return await _called(entry, arguments)
    except TimeoutError as error:
        if not limit.expired():
            raise
        took = f"tool {entry.name!r} took longer than its {allowed:g} s"
        raise ToolFailed(f"{took}: ask it for less, or go on without it") from error


async def _called(entry: RegisteredTool, arguments: dict[str, Any]) -> Any:
    call = functools.partial(entry.function, **arguments)
    if inspect.iscoroutinefunction(entry.function):
        return await call()
    value = await run_in_thread(call, name=f"tool-{entry.name}")
    return await value if inspect.isawaitable(value) else value


def _parsed(arguments: str, *, tool: str) -> dict[str, Any]:
    try:
        parsed = json.loads(arguments)
    except ValueError as error:
        raise BadRequest(f"bad arguments for tool {tool!r}: they are not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise BadRequest(f"bad arguments for tool {tool!r}: they must be one JSON object")
    return parsed


def _told_or_retried(entry: RegisteredTool, error: BaseException) -> ToolOutcome:
    outcome = tool_answers.failure(entry.name, error)
    activity.logger.debug("tool %s failed", entry.name, exc_info=error)
    if _may_pass(error) and activity.info().attempt < entry.attempts:
        raise ApplicationError(outcome.text, type="ToolFailed") from error
    return outcome


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return not isinstance(error, _LASTING_ERRORS)
    return any(base.__name__ in _TRANSPORT_ERRORS for base in type(error).__mro__)


def cancelled_from_outside() -> bool:
    """Whether it is the activity that is cancelled, and not something within the tool."""
    task = asyncio.current_task()
    return activity.is_cancelled() or (task is not None and task.cancelling() > 0)
