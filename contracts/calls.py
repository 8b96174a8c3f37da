"""The calls that leave a run: to a model and to a tool, and what comes back."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from contracts.base import Contract
from contracts.conversation import Missing, Recipe


class FunctionCallData(Contract):
    """A tool call that a model asks for; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


class ModelRequest(Contract):
    """One call of a model. The prompt is a recipe: what is new, and where the rest stands already."""

    path: str = Field(description="Nesting of team and agent names: who asks.")
    turn: int
    model: str = Field(description="Registered name of the model.")
    prompt: Recipe
    tool_choice: str = "auto"
    json_output: bool | dict[str, Any] | None = Field(default=None, description="True for JSON, or a JSON schema.")
    extra: dict[str, Any] = {}
    stream: bool = False


class ModelReply(Contract):
    """What the model said. `usd` is None where the model has no price."""

    content: str | tuple[FunctionCallData, ...]
    thought: str | None = None
    finish_reason: Literal["stop", "length", "function_calls", "content_filter", "unknown"] = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = None
    real: bool = Field(default=True, description="False when the scripted model answered.")
    sequence: int | None = Field(default=None, description="Of the state store, when the model had answered.")


class ModelOutcome(Contract):
    """Either the reply, or what the activity needs before it can make the call."""

    reply: ModelReply | None = None
    missing: Missing | None = None


class ToolRequest(Contract):
    """One call of a tool."""

    path: str
    turn: int
    tool: str
    arguments: str | Recipe = Field(default="{}", description="JSON text, or where it stands if it is over 1 KiB.")
    files: str | None = Field(default=None, description="Absolute folder that file tools may read.")


class ToolOutcome(Contract):
    """What a tool returned, as text for the model, or what the activity needs before it can call the tool."""

    text: str = ""
    failed: bool = False
    missing: Missing | None = None


class ModelCard(Contract):
    """What is known of a model without calling it. Prices are US dollars for a million tokens; None means unknown."""

    name: str
    label: str
    vision: bool = False
    function_calling: bool = True
    json_output: bool = True
    structured_output: bool = False
    multiple_system_messages: bool = True
    family: str = "unknown"
    real: bool = True
    prompt_price: float | None = None
    completion_price: float | None = None
    problem: str | None = Field(default=None, description="Why the model cannot be used; None if it can.")


class Preparation(Contract):
    """What a run must know of its worker before the team is built; recorded in history, so replay sees the same."""

    default_model: str
    models: tuple[ModelCard, ...]
    sequence: int | None = Field(default=None, description="Of the state store, when the run was prepared.")
