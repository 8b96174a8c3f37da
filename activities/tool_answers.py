"""What a tool returned, or raised, as the text that a model is told."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from pydantic import BaseModel

from contracts.calls import ToolOutcome
from contracts.errors import PayloadTooLarge, PerdureError, ToolFailed
from contracts.texts import sendable

MAX_ANSWER_BYTES = 200 * 1024
MAX_FAILURE_CHARS = 2_000

_PLAIN = (str, int, float, bool, list, tuple, dict, BaseModel)


def answer(tool: str, value: Any) -> ToolOutcome:
    """Put a returned value into text: text as it is, None as "", all else as JSON.

    Raises:
        ToolFailed: it is not JSON.
        PayloadTooLarge: the text is over 200 KiB.
    """
    text = sendable(_text(tool, value))
    size = len(text.encode())
    if size > MAX_ANSWER_BYTES:
        advice = "return less, or write it to a file in the output folder and return its path"
        raise PayloadTooLarge(f"the answer of tool {tool!r}", size=size, limit=MAX_ANSWER_BYTES, advice=advice)
    return ToolOutcome(text=text)


def failure(tool: str, error: BaseException) -> ToolOutcome:
    """Say in one line what went wrong and what to do. An error of ours says both already."""
    line = str(error).strip().partition("\n")[0][:MAX_FAILURE_CHARS]
    if not isinstance(error, PerdureError):
        told = f"{type(error).__name__}: {line}" if line else type(error).__name__
        line = f"{told} (tool {tool!r}; change the arguments or go on without it)"
    return ToolOutcome(text=sendable(line), failed=True)


def _text(tool: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return str.__str__(value)
    try:
        return json.dumps(_json(value), default=_json, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        inside = f" ({error})" if isinstance(value, _PLAIN) else ""
        raise ToolFailed(
            f"tool {tool!r} returned a {type(value).__name__}, which is not JSON{inside}: "
            "return text, a number, a list, a dict or a Pydantic model"
        ) from error


def _json(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, _PLAIN):
        return value
    raise TypeError(f"a {type(value).__name__} is not JSON")
