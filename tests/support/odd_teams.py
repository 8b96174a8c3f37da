"""Teams that cannot be built or kept, and teams for what goes wrong on the way; an app module of its own."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

from autogen_agentchat.agents import (
    ApprovalRequest,
    ApprovalResponse,
    AssistantAgent,
    CodeExecutorAgent,
    UserProxyAgent,
)
from autogen_agentchat.base import ChatAgent, Team
from autogen_agentchat.conditions import TimeoutTermination
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_agentchat.tools import AgentTool
from autogen_core import CancellationToken
from autogen_core.code_executor import CodeBlock, CodeExecutor, CodeResult
from autogen_core.memory import Memory, MemoryContent, MemoryQueryResult, UpdateContextResult
from autogen_core.model_context import ChatCompletionContext
from autogen_core.tools import FunctionTool, StaticStreamWorkbench, ToolResult, ToolSchema, Workbench
from pydantic import BaseModel

from agents import TeamContext, model, team, tool
from agents.scripted import ScriptedModel
from tests.support.stock import openai_client
from tests.support.teams import agent, agents


@model("house")
def house() -> ScriptedModel:
    """A model of the app's own."""
    return ScriptedModel()


# Calls of `nap` that were cancelled, by their label.
cancelled: list[str] = []


@tool
async def nap(seconds: float, label: str = "") -> str:
    """Sleep."""
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        cancelled.append(label)
        raise
    return "awake"


@tool
def blocking_nap(seconds: float) -> str:
    """Sleep without letting others work."""
    time.sleep(seconds)
    return "awake"


@tool(quick=True)
async def quick_nap(seconds: float) -> str:
    """Sleep, as a local activity."""
    await asyncio.sleep(seconds)
    return "awake"


@tool(quick=True)
def quick_add(a: int, b: int) -> int:
    """Add two whole numbers, as a local activity."""
    return a + b


def _sleeper(ctx: TeamContext) -> ChatAgent:
    return agent(ctx, "sleeper", tools=["nap", "blocking_nap", "quick_nap", "quick_add"])


@team("sleepers", version="1")
def sleepers(ctx: TeamContext) -> Team:
    """Whoever sleeps, and one who speaks after that."""
    return RoundRobinGroupChat([_sleeper(ctx), agent(ctx, "speaker")], max_turns=4)


@team("timed", version="1")
def timed(ctx: TeamContext) -> Team:
    """Two agents until a second is over."""
    return RoundRobinGroupChat(agents(ctx, "ann", "ben"), termination_condition=TimeoutTermination(1.0))


@team("wrong_value", version="1")
def wrong_value(ctx: TeamContext) -> Team:
    """Fails with a plain error."""
    raise ValueError(f"no staff for {ctx.task!r}")


@team("missing_import", version="1")
def missing_import(ctx: TeamContext) -> Team:
    """Needs a package that is not there."""
    return importlib.import_module("no_such_package").team(ctx)  # type: ignore[no-any-return]


@team("bad_syntax", version="1")
def bad_syntax(ctx: TeamContext) -> Team:
    """Holds code that cannot be compiled."""
    return eval("def team(:")  # type: ignore[no-any-return]


@team("exits", version="1")
def exits(ctx: TeamContext) -> Team:
    """Wants to end the process."""
    raise SystemExit("bye")


@team("recursive", version="1")
def recursive(ctx: TeamContext) -> Team:
    """Never comes to an end."""
    return recursive(ctx)


@team("duplicates", version="1")
def duplicates(ctx: TeamContext) -> Team:
    """AutoGen itself refuses equal names."""
    return RoundRobinGroupChat(agents(ctx, "ann", "ann"))


@team("unknown_model", version="1")
def unknown_model(ctx: TeamContext) -> ChatAgent:
    """Asks for a model that is nearly there."""
    return AssistantAgent("solo", model_client=ctx.model("opemai"))


@team("unknown_tool", version="1")
def unknown_tool(ctx: TeamContext) -> ChatAgent:
    """Asks for a tool that is nearly there."""
    return agent(ctx, "solo", tools=["lookup_invoise"])


@team("no_team", version="1")
def no_team(ctx: TeamContext) -> Any:
    """Forgets to return."""


@team("user_proxy", version="1")
def user_proxy(ctx: TeamContext) -> Team:
    """Waits at a terminal."""
    return RoundRobinGroupChat([agent(ctx, "ann"), UserProxyAgent("person", input_func=input)])


class InertExecutor(CodeExecutor):
    """Runs nothing."""

    component_type = "code_executor"
    component_config_schema = BaseModel

    async def execute_code_blocks(
        self, code_blocks: list[CodeBlock], cancellation_token: CancellationToken
    ) -> CodeResult:
        """Refuse."""
        raise NotImplementedError

    async def start(self) -> None:
        """Do nothing."""

    async def stop(self) -> None:
        """Do nothing."""

    async def restart(self) -> None:
        """Do nothing."""


def _approve(request: ApprovalRequest) -> ApprovalResponse:
    return ApprovalResponse(approved=True, reason="")


@team("code_executor", version="1")
def code_executor(ctx: TeamContext) -> Team:
    """Runs code in the worker."""
    return RoundRobinGroupChat([CodeExecutorAgent("coder", code_executor=InertExecutor(), approval_func=_approve)])


@team("foreign_model", version="1")
def foreign_model(ctx: TeamContext) -> ChatAgent:
    """Brings its own client."""
    return AssistantAgent("solo", model_client=openai_client("http://127.0.0.1:1/v1"))


class SessionWorkbench(Workbench):
    """Keeps a session, as AutoGen's workbench for MCP servers does."""

    component_type = "workbench"
    component_config_schema = BaseModel

    async def list_tools(self) -> list[ToolSchema]:
        """Offer nothing."""
        return []

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        call_id: str | None = None,
    ) -> ToolResult:
        """Refuse."""
        raise NotImplementedError

    async def start(self) -> None:
        """Do nothing."""

    async def stop(self) -> None:
        """Do nothing."""

    async def reset(self) -> None:
        """Do nothing."""

    async def save_state(self) -> Mapping[str, Any]:
        """Hold nothing."""
        return {}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Hold nothing."""


@team("session_workbench", version="1")
def session_workbench(ctx: TeamContext) -> ChatAgent:
    """Holds a session open."""
    return AssistantAgent("solo", model_client=ctx.model(), workbench=SessionWorkbench())


def plain(a: int) -> int:
    """Nobody registered this."""
    return a


@team("plain_tool", version="1")
def plain_tool(ctx: TeamContext) -> ChatAgent:
    """Has a tool that is a plain function."""
    return AssistantAgent("solo", model_client=ctx.model(), tools=[plain])


@team("plain_workbench", version="1")
def plain_workbench(ctx: TeamContext) -> ChatAgent:
    """Has a plain function in AutoGen's streaming workbench."""
    workbench = StaticStreamWorkbench([FunctionTool(plain, description="Plain.")])
    return AssistantAgent("solo", model_client=ctx.model(), workbench=workbench)


class StoredMemory(Memory):
    """Reads a store."""

    component_config_schema = BaseModel

    async def update_context(self, model_context: ChatCompletionContext) -> UpdateContextResult:
        """Remember nothing."""
        return UpdateContextResult(memories=MemoryQueryResult(results=[]))

    async def query(
        self, query: str | MemoryContent, cancellation_token: CancellationToken | None = None, **kwargs: Any
    ) -> MemoryQueryResult:
        """Remember nothing."""
        return MemoryQueryResult(results=[])

    async def add(self, content: MemoryContent, cancellation_token: CancellationToken | None = None) -> None:
        """Forget."""

    async def clear(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""


@team("foreign_memory", version="1")
def foreign_memory(ctx: TeamContext) -> ChatAgent:
    """Remembers by other means."""
    return AssistantAgent("solo", model_client=ctx.model(), memory=[StoredMemory()])


@team("twins", version="1")
def twins(ctx: TeamContext) -> Team:
    """Its manager and an agent of the inner team would both be `twins/selector`."""
    inner: Sequence[ChatAgent | Team] = [agent(ctx, "selector")]
    return RoundRobinGroupChat([RoundRobinGroupChat([*inner], name="twins", max_turns=1)], max_turns=1)


@team("shared_agent", version="1")
def shared_agent(ctx: TeamContext) -> Team:
    """One agent in two teams would answer to two paths."""
    expert = agent(ctx, "expert")
    inner = [RoundRobinGroupChat([expert], name=name, max_turns=1) for name in ("one", "two")]
    return RoundRobinGroupChat([*inner], max_turns=2)


@team("shared_tool_agent", version="1")
def shared_tool_agent(ctx: TeamContext) -> Team:
    """One agent is a tool of two others."""
    expert = AssistantAgent("expert", model_client=ctx.model())
    users: list[ChatAgent | Team] = [
        AssistantAgent(name, model_client=ctx.model(), tools=[AgentTool(expert)]) for name in ("one", "two")
    ]
    return RoundRobinGroupChat(users, max_turns=2)
