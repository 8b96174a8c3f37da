"""AutoGen's component JSON (what AutoGen Studio exports), loaded with durable parts in place of its own.

Nothing from outside AutoGen is imported and no source text in the JSON is run: models are named, tools are looked up
among the registered ones, and everything else must be AutoGen's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, cast

from autogen_core import Component, ComponentLoader
from autogen_core.models import ChatCompletionClient
from autogen_core.tools import ToolSchema
from pydantic import BaseModel

from agents.context import TeamContext
from agents.model_client import DurableModelClient
from agents.registry import REGISTRY
from agents.schema_tool import SchemaTool
from contracts.errors import BadRequest, NotDurable
from tools.registry import TOOLS

_TRUSTED = ("autogen_agentchat.", "autogen_core.")
_context: ContextVar[TeamContext] = ContextVar("team_context")


class ModelName(BaseModel):
    """Which registered model stands in; None is the run's default one."""

    name: str | None = None


class ToolName(BaseModel):
    """Which registered tool stands in."""

    name: str


class NamedModel(DurableModelClient, Component[ModelName]):
    """A model of a component file: the registered one of that name, else the run's default."""

    component_config_schema = ModelName
    component_provider_override = "agents.components.NamedModel"

    @classmethod
    def _from_config(cls, config: ModelName) -> ChatCompletionClient:  # type: ignore[override]
        return _context.get().model(config.name)


class NamedTool(SchemaTool, Component[ToolName]):
    """A tool of a component file: the registered one of that name."""

    component_config_schema = ToolName
    component_provider_override = "agents.components.NamedTool"

    @classmethod
    def _from_config(cls, config: ToolName) -> NamedTool:
        return cls(cast(ToolSchema, TOOLS.get(config.name).schema))


def load_component(component: Mapping[str, Any], context: TeamContext) -> Any:
    """Build a team or agent of component JSON.

    Raises:
        BadRequest: this is no component, or AutoGen cannot build it.
        NotDurable: it holds a part that has no durable stand-in; the message names it.
        UnknownName: it uses a tool that is not registered.
    """
    if not isinstance(component.get("provider"), str):
        raise BadRequest("this is not AutoGen component JSON: it has no 'provider'; export a team or an agent")
    token = _context.set(context)
    try:
        return ComponentLoader.load_component(_swapped(dict(component), at="the component"))
    except (ValueError, TypeError, LookupError, AttributeError, ImportError) as error:
        raise BadRequest(f"AutoGen cannot build the component: {type(error).__name__}: {error}") from error
    finally:
        _context.reset(token)


def _swapped(value: Any, *, at: str) -> Any:
    if isinstance(value, list):
        return [_swapped(part, at=f"{at}[{position}]") for position, part in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("provider"), str):
        return _component(value, at=at)
    return {key: _swapped(part, at=f"{at}.{key}") for key, part in value.items()}


def _component(component: dict[str, Any], *, at: str) -> dict[str, Any]:
    provider, config = component["provider"], component.get("config") or {}
    if _kind(component) == "model":
        return _stand_in(NamedModel, {"name": _model_name(config)})
    if provider.endswith(".FunctionTool"):
        return _stand_in(NamedTool, {"name": config.get("name", "")})
    if not provider.startswith(_TRUSTED):
        raise NotDurable(f"{at} is a {provider!r}, which has no durable stand-in: use AutoGen's own teams and @tool")
    return {**component, "config": _swapped(config, at=f"{at}.{config.get('name') or provider.rpartition('.')[2]}")}


def _kind(component: Mapping[str, Any]) -> str | None:
    provider = component["provider"]
    if ".models." in provider or "chat_completion_client" in provider.lower():
        return "model"
    return component.get("component_type")


def _model_name(config: Mapping[str, Any]) -> str | None:
    name = config.get("model")
    return name if name in REGISTRY.model_names() else None


def _stand_in(kind: type[Any], config: dict[str, Any]) -> dict[str, Any]:
    return {"provider": kind.component_provider_override, "component_type": kind.component_type, "config": config}
