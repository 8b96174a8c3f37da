"""The models that a worker can call: the app's own, the one that the settings name, and the scripted one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autogen_core import FunctionCall
from autogen_core.models import ChatCompletionClient, CreateResult, LLMMessage
from autogen_core.tools import ToolSchema
from pydantic import BaseModel, ConfigDict, TypeAdapter

from agents.prices import PriceTable
from agents.provider_errors import translated
from agents.registry import REGISTRY, Registry, app_code
from agents.schema_tool import SchemaTool
from agents.scripted import ScriptedModel
from contracts.calls import FunctionCallData, ModelCard, ModelReply, ModelRequest, Preparation
from contracts.errors import ConfigurationError, ModelUnavailable, UnknownName
from contracts.texts import sendable

SCRIPTED = "scripted"
OPENAI = "openai"
DEFAULT_MODEL = "gpt-4o-mini"
_MESSAGES: TypeAdapter[list[LLMMessage]] = TypeAdapter(list[LLMMessage])


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """Which models there are besides those that the app registers.

    Attributes:
        model: name of a registered model, or the OpenAI-compatible server's own name for one.
        api_key: key of that server; None if it needs none.
        base_url: where that server is; None is OpenAI itself.
    """

    model: str | None = None
    api_key: str | None = None
    base_url: str | None = None


class RegisteredChatModels:
    """Calls models by name. A client is made at its first use, and kept.

    Args:
        settings: which models there are besides the app's own.
        prices: what they cost.
        registry: the app's own models.
    """

    def __init__(self, settings: ModelSettings, *, prices: PriceTable, registry: Registry = REGISTRY) -> None:
        self._prices = prices
        self._factories: dict[str, Callable[[], ChatCompletionClient]] = {SCRIPTED: ScriptedModel}
        self._factories |= {name: registry.model(name).factory for name in registry.model_names()}
        self._default = self._choose(settings)
        self._clients: dict[str, ChatCompletionClient] = {}

    def prepare(self) -> Preparation:
        """See `ChatModels.prepare`."""
        return Preparation(default_model=self._default, models=tuple(map(self._card, sorted(self._factories))))

    async def complete(self, request: ModelRequest, prompt: Sequence[Any]) -> ModelReply:
        """See `ChatModels.complete`."""
        client = self._client(request.model)
        tools, *messages = prompt
        arguments = _arguments(client, request, tools)
        with translated(request.model):
            said = _MESSAGES.validate_python(messages)
            result = await (_streamed if request.stream else _whole)(client, said, arguments)
        return self._reply(request.model, client, result)

    async def close(self) -> None:
        """Close every client that was made."""
        await asyncio.gather(*(client.close() for client in self._clients.values()))

    def _choose(self, settings: ModelSettings) -> str:
        if settings.model in self._factories:
            return settings.model
        if settings.api_key is None and settings.base_url is None:
            if settings.model is not None:
                raise ConfigurationError(
                    f"model {settings.model!r} is not registered; set OPENAI_API_KEY or OPENAI_BASE_URL"
                )
            return SCRIPTED
        name = settings.model or DEFAULT_MODEL
        self._factories[OPENAI] = lambda: _openai(name, settings)
        return OPENAI

    def _client(self, name: str) -> ChatCompletionClient:
        if name not in self._factories:
            raise UnknownName("model", name, self._factories)
        if name not in self._clients:
            with app_code(f"model {name!r} cannot be made", advice="check its factory and its key"):
                self._clients[name] = self._factories[name]()
        return self._clients[name]

    def _card(self, name: str) -> ModelCard:
        try:
            client = self._client(name)
        except ConfigurationError as error:  # it must not stop teams that do not use it
            return ModelCard(name=name, label=name, problem=str(error))
        info = client.model_info
        label = _label(name, client)
        price = self._prices.find(label)
        return ModelCard(
            name=name,
            label=label,
            vision=info["vision"],
            function_calling=info["function_calling"],
            json_output=info["json_output"],
            structured_output=info.get("structured_output", False),
            multiple_system_messages=info.get("multiple_system_messages") or False,
            family=info["family"],
            real=getattr(client, "real", True),
            prompt_price=price.prompt if price else None,
            completion_price=price.completion if price else None,
        )

    def _reply(self, name: str, client: ChatCompletionClient, result: CreateResult) -> ModelReply:
        price, usage = self._prices.find(_label(name, client)), result.usage
        cost = price.cost(usage.prompt_tokens, usage.completion_tokens) if price else None
        return ModelReply(
            content=sendable(result.content) if isinstance(result.content, str) else tuple(map(_call, result.content)),
            thought=sendable(result.thought) if result.thought else None,
            finish_reason=result.finish_reason,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            usd=cost,
            real=getattr(client, "real", True),
        )


class _Json(BaseModel):
    """Carries a JSON schema to a client that asks for a class; its answer is checked in the workflow."""

    model_config = ConfigDict(extra="allow")


def _openai(name: str, settings: ModelSettings) -> ChatCompletionClient:
    # The client's package takes most of a second to import, which a worker without it need not wait for.
    from agents.openai_model import openai_model

    return openai_model(name, api_key=settings.api_key, base_url=settings.base_url)


async def _whole(
    client: ChatCompletionClient, messages: list[LLMMessage], arguments: Mapping[str, Any]
) -> CreateResult:
    return await client.create(messages, **arguments)


async def _streamed(
    client: ChatCompletionClient, messages: list[LLMMessage], arguments: Mapping[str, Any]
) -> CreateResult:
    stream: AsyncGenerator[str | CreateResult, None] = client.create_stream(messages, **arguments)
    async for part in stream:
        if isinstance(part, CreateResult):
            return part
    raise ModelUnavailable("the model's stream ended without an answer")


def _arguments(client: ChatCompletionClient, request: ModelRequest, tools: list[ToolSchema]) -> dict[str, Any]:
    extra = {**request.extra, "caller": request.path} if isinstance(client, ScriptedModel) else request.extra
    return {
        "tools": tools,
        "tool_choice": _choice(request.tool_choice, tools),
        "json_output": _json_output(request.json_output),
        "extra_create_args": extra,
    }


def _choice(choice: str, tools: list[ToolSchema]) -> Any:
    if not choice.startswith("tool:"):
        return choice
    wanted = choice.removeprefix("tool:")
    return next(SchemaTool(tool) for tool in tools if tool["name"] == wanted)


def _json_output(wanted: bool | dict[str, Any] | None) -> Any:
    if not isinstance(wanted, dict):
        return wanted
    schema = json.loads(json.dumps(wanted))
    return type(schema.get("title", "Answer"), (_Json,), {"model_json_schema": classmethod(lambda *_, **__: schema)})


def _label(name: str, client: ChatCompletionClient) -> str:
    arguments = getattr(client, "_create_args", None)
    return str(arguments["model"]) if isinstance(arguments, dict) and "model" in arguments else name


def _call(call: FunctionCall) -> FunctionCallData:
    return FunctionCallData(id=call.id, name=call.name, arguments=sendable(call.arguments))
