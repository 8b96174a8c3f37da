"""A model in the same process, for conversations so long that an HTTP client's own work would take most of the time.

It answers by a rule of this package, and notes what it saw: the whole of each prompt, by name, under who asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Literal

from autogen_core import CancellationToken, FunctionCall
from autogen_core.models import (
    AssistantMessage,
    ChatCompletionClient,
    CreateResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    ModelInfo,
    RequestUsage,
    SystemMessage,
)
from autogen_core.tools import StaticWorkbench, Tool, ToolSchema, Workbench
from pydantic import BaseModel
from pydantic_core import to_json

from tests.support.answers import Rule, Slow, Text, Tools
from tests.support.chaos_teams import keep_talking
from tests.support.chat import ChatRequest, short_digest

SEEN: dict[str, list[str]] = {}


class RecordingClient(ChatCompletionClient):
    """Answers by a rule; `SEEN` holds the names of the prompts that each speaker's model saw, in order.

    Args:
        rule: decides each answer.
    """

    component_type = "model"
    component_config_schema = BaseModel

    def __init__(self, rule: Rule = keep_talking) -> None:
        self._rule = rule

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """Note the prompt and answer."""
        wire = [part for message in messages for part in _wire(message)]
        request = ChatRequest(body={"messages": wire}, number=0, attempt=1, digest="")
        seen = SEEN.setdefault(request.speaker, [])
        seen.append(short_digest(to_json(list(messages))))
        answer = self._rule(request)
        while isinstance(answer, Slow):
            await asyncio.sleep(answer.seconds)
            answer = answer.then
        assert isinstance(answer, Text | Tools)
        return _result(answer, prefix=f"{request.speaker}-{len(seen)}")

    async def create_stream(self, *args: Any, **kwargs: Any) -> AsyncGenerator[str | CreateResult, None]:
        """Answer in one piece."""
        yield await self.create(*args, **kwargs)

    async def close(self) -> None:
        """Nothing is open."""

    def actual_usage(self) -> RequestUsage:
        """Not counted."""
        return RequestUsage(0, 0)

    def total_usage(self) -> RequestUsage:
        """Not counted."""
        return RequestUsage(0, 0)

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Not counted."""
        return 0

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Not counted."""
        return 0

    @property
    def capabilities(self) -> ModelInfo:
        """See `model_info`."""
        return self.model_info

    @property
    def model_info(self) -> ModelInfo:
        """Tools and JSON, no forms."""
        return ModelInfo(
            vision=False,
            function_calling=True,
            json_output=True,
            family="unknown",
            structured_output=False,
            multiple_system_messages=True,
        )


class RecordingContext:
    """Hands teams on AutoGen's own runtime the recording model."""

    def __init__(self, rule: Rule = keep_talking) -> None:
        self._rule = rule

    def model(self, name: str | None = None) -> ChatCompletionClient:
        """The recording model."""
        return RecordingClient(self._rule)

    def tools(self, *names: str) -> Workbench:
        """No tools."""
        return StaticWorkbench([])


def calls() -> int:
    """How many prompts were seen."""
    return sum(map(len, SEEN.values()))


def take_seen() -> dict[str, list[str]]:
    """What was seen so far; from now on, anew."""
    taken = dict(SEEN)
    SEEN.clear()
    return taken


def _wire(message: LLMMessage) -> list[dict[str, Any]]:
    if isinstance(message, SystemMessage):
        return [{"role": "system", "content": message.content}]
    if isinstance(message, FunctionExecutionResultMessage):
        return [{"role": "tool", "content": result.content} for result in message.content]
    if not isinstance(message, AssistantMessage):
        return [{"role": "user", "content": str(message.content)}]
    if isinstance(message.content, str):
        return [{"role": "assistant", "content": message.content}]
    asked = [{"function": {"name": call.name, "arguments": call.arguments}} for call in message.content]
    return [{"role": "assistant", "content": message.thought, "tool_calls": asked}]


def _result(answer: Text | Tools, *, prefix: str) -> CreateResult:
    usage = RequestUsage(prompt_tokens=100, completion_tokens=10)
    if isinstance(answer, Text):
        return CreateResult(finish_reason="stop", content=answer.text, usage=usage, cached=False)
    content = [
        FunctionCall(id=f"{prefix}-{place}", name=call.name, arguments=to_json(call.arguments).decode())
        for place, call in enumerate(answer.calls)
    ]
    return CreateResult(finish_reason="function_calls", content=content, usage=usage, cached=False, thought=answer.text)
