"""Flows of a test's own, run by a real worker with real stores."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from temporalio.client import WorkflowHistory

from contracts.flows import Flow, FlowRequest, FlowResult, FlowView
from contracts.state import Author, Commit, Write
from perdure.flow_run import FlowRunHandle
from tests.support.running import Runner, new_queue

FLOW_APP = "tests.support.flow_tools"


def flow(steps: dict[str, Any], *, start: str | None = None, name: str = "tried", **rest: Any) -> Flow:
    """A definition that begins with its first step."""
    return Flow.model_validate({"name": name, "start": start or next(iter(steps)), "steps": steps, **rest})


def call(tool: str, *, next: str = "end", step: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
    """A step that calls a tool."""
    return {"call": {"tool": tool, "arguments": arguments}, "next": next, **(step or {})}


@dataclass(frozen=True)
class Flows:
    """Starts flows on a worker.

    Attributes:
        running: the worker.
    """

    running: Runner

    async def start(self, definition: Flow, *, flows: tuple[Flow, ...] = (), **values: Any) -> FlowRunHandle:
        """Start a flow under an id of its own."""
        values = {"run_id": new_queue().replace("test", "flow"), **values}
        request = FlowRequest(flow=definition, flows={child.name: child for child in flows}, **values)
        return await self.running.perdure.submit_flow(request)

    async def run(self, definition: Flow, **values: Any) -> FlowResult:
        """Run a flow to its end."""
        return await (await self.start(definition, **values)).result(timeout=60)

    async def history(self, run: FlowRunHandle) -> WorkflowHistory:
        """Its history as it is now."""
        return await self.running.client.get_workflow_handle(run.id).fetch_history()

    async def reaches(self, run: FlowRunHandle, step: str) -> FlowView:
        """Wait until a step is under way, and return where the flow stands."""
        async with asyncio.timeout(20):
            while (view := await run.view()).position != step:
                await asyncio.sleep(0.02)
        return view


def put(namespace: str, key: str, value: Any) -> Commit:
    """A commit that puts one document."""
    write = Write(kind="put", namespace=namespace, key=key, value=value)
    return Commit(writes=(write,), author=Author(actor="test"))
