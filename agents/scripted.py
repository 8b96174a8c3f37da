"""The model that is used where no key is set. It decides by readable rules, so what it says is the same each time."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Literal

from autogen_core import CancellationToken, FunctionCall
from autogen_core.models import (
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    ModelFamily,
    ModelInfo,
    RequestUsage,
)
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from agents.scripted_rules import reply
from agents.situation import Situation

JsonOutput = bool | type[BaseModel] | None
ToolChoice = Tool | Literal["auto", "required", "none"]
_WINDOW = 128_000
_CHARS_A_TOKEN = 4
_CHUNKS = 4


class ScriptedModel(ChatCompletionClient):
    """Answers by script: agents use their tools on what the task names, hand over once, and sum up what tools said.

    An agent's own script (see `agents.scripts.script`) goes before these rules. The name of the agent that asks is
    given by `extra_create_args={"caller": path}`.
    """

    component_type = "model"
    component_config_schema = BaseModel
    real = False

    def __init__(self) -> None:
        self._used = RequestUsage(prompt_tokens=0, completion_tokens=0)

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: JsonOutput = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,  # noqa: ARG002 - the answer is there at once
    ) -> CreateResult:
        """Answer at once. See AutoGen's `ChatCompletionClient.create`."""
        situation = Situation(
            caller=str(extra_create_args.get("caller", "")),
            messages=messages,
            tools=_callable(tools, tool_choice),
            must_call=tool_choice not in ("auto", "none"),
            json_schema=_wanted_json(json_output, extra_create_args),
        )
        said = reply(situation)
        content = said if isinstance(said, str) else _calls(said, before=len(situation.called))
        usage = RequestUsage(
            prompt_tokens=self.count_tokens(messages, tools=tools), completion_tokens=_tokens(len(str(said)))
        )
        self._used = RequestUsage(
            self._used.prompt_tokens + usage.prompt_tokens, self._used.completion_tokens + usage.completion_tokens
        )
        finish: Literal["stop", "function_calls"] = "stop" if isinstance(said, str) else "function_calls"
        return CreateResult(finish_reason=finish, content=content, usage=usage, cached=False)

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: JsonOutput = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """Answer in a few parts, then as a whole."""
        result = await self.create(
            messages,
            tools=tools,
            tool_choice=tool_choice,
            json_output=json_output,
            extra_create_args=extra_create_args,
            cancellation_token=cancellation_token,
        )
        if isinstance(result.content, str):
            size = len(result.content) // _CHUNKS + 1
            for start in range(0, len(result.content), size):
                yield result.content[start : start + size]
        yield result

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    def actual_usage(self) -> RequestUsage:
        """Tokens used so far, estimated."""
        return self._used

    def total_usage(self) -> RequestUsage:
        """Tokens used so far, estimated."""
        return self._used

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Estimate the tokens of a prompt, by four characters a token."""
        chars = sum(len(str(message.content)) for message in messages)
        return _tokens(chars + sum(len(json.dumps(_schema(tool))) for tool in tools))

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Estimate what is left of a window of 128,000 tokens."""
        return _WINDOW - self.count_tokens(messages, tools=tools)

    @property
    def capabilities(self) -> ModelInfo:
        """What the model can do (AutoGen's old name for `model_info`)."""
        return self.model_info

    @property
    def model_info(self) -> ModelInfo:
        """What the model can do."""
        return ModelInfo(
            vision=False,
            function_calling=True,
            json_output=True,
            family=ModelFamily.UNKNOWN,
            structured_output=True,
            multiple_system_messages=True,
        )


def _callable(tools: Sequence[Tool | ToolSchema], choice: ToolChoice) -> dict[str, Mapping[str, Any]]:
    if choice == "none":
        return {}
    schemas = [_schema(tool) for tool in (tools if isinstance(choice, str) else [choice])]
    return {schema["name"]: schema for schema in schemas}


def _schema(tool: Tool | ToolSchema) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = tool.schema if isinstance(tool, Tool) else tool
    return schema


def _wanted_json(output: JsonOutput | Mapping[str, Any], extra: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if isinstance(output, Mapping):
        return output
    if isinstance(output, type):
        return output.model_json_schema()
    asked = extra.get("response_format")
    if isinstance(asked, Mapping) and asked.get("type") in ("json_object", "json_schema"):
        schema: Mapping[str, Any] = asked.get("json_schema", {}).get("schema", {})
        return schema
    return {} if output else None


def _calls(said: Sequence[tuple[str, dict[str, Any]]], *, before: int) -> list[FunctionCall]:
    return [
        FunctionCall(id=f"call_{before + place}", name=name, arguments=json.dumps(arguments, ensure_ascii=False))
        for place, (name, arguments) in enumerate(said, 1)
    ]


def _tokens(chars: int) -> int:
    return -(-chars // _CHARS_A_TOKEN)
