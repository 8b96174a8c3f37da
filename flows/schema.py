"""The JSON Schema of definitions, by which editors complete and check them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts.flows import STEP_KINDS, Flow

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ACTIONS = ("team", "call", "set", "emit", "flow")
_NAME = "^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$"
# Which fields of a part stand for another: exactly one of them is there.
_CHOICES = {
    "Step": STEP_KINDS,
    "Action": _ACTIONS,
    "Assignment": ("put", "patch", "delete"),
    "WaitAction": ("until", "event", "duration", "time"),
}
_STEP_FIELDS = {
    "next": "The step that follows, or 'end'. Every step but a branch has one.",
    "retry": "How often it is tried.",
    "timeout": "Of one attempt for call, set, emit; of the whole step for team, flow, map, parallel.",
    "on_error": "The step that follows when this one fails for good; expressions see `steps.<name>.error`.",
    "compensate": "Done, last finished step first, when the flow fails or is cancelled later.",
    "most_visits": "Bound of a cycle: the visit after that goes to `beyond`; without it the flow fails.",
    "beyond": "The step that follows when `most_visits` is spent.",
    "title": "A few words for people; drawings show them.",
}
_FLOW_FIELDS = {
    "name": "The name by which it is started, and run by other flows.",
    "version": "Raised by you when the flow changes; in quotes.",
    "description": "One line for people.",
    "documents": "The documents of the state store that the flow reads and writes, under the names that it uses.",
    "start": "The first step.",
    "steps": "The steps by their names.",
    "output": "What the flow returns; texts may hold ${…}.",
}


@cache
def _made() -> dict[str, Any]:
    schema: dict[str, Any] = _plain(Flow.model_json_schema(by_alias=True))
    parts = schema["$defs"]
    for name, fields in _CHOICES.items():
        parts[name]["oneOf"] = [{"required": [one]} for one in fields]
    for kind in STEP_KINDS:
        _describe_kind(parts, kind)
    _describe(parts["Step"], _STEP_FIELDS)
    parts["Step"]["description"] = "One step: exactly one kind, and what all kinds share."
    _describe(schema, _FLOW_FIELDS)
    parts["Budget"]["additionalProperties"] = False
    schema["properties"]["name"]["pattern"] = _NAME
    return {"$schema": DIALECT, **schema, "title": "Flow of Perdure"}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a definition, as YAML and JSON hold it."""
    found: dict[str, Any] = _copied(_made())
    return found


def _describe_kind(parts: Mapping[str, Any], kind: str) -> None:
    name = f"{kind.capitalize()}Action"
    for holder in ("Step", "Action"):
        if kind in parts[holder]["properties"]:
            parts[holder]["properties"][kind]["description"] = parts[name]["description"].partition("\n\n")[0]


def _describe(part: Mapping[str, Any], texts: Mapping[str, str]) -> None:
    for field, text in texts.items():
        part["properties"][field]["description"] = text


def _plain(part: Any, *, of_fields: bool = False) -> Any:
    """Leave out what Pydantic says for itself: titles of fields, and None where a field is simply not there."""
    if isinstance(part, list):
        return [_plain(one) for one in part]
    if not isinstance(part, dict):
        return part
    if of_fields:
        return {name: _plain(one) for name, one in part.items()}
    found = {
        name: _plain(one, of_fields=name in ("properties", "$defs", "patternProperties")) for name, one in part.items()
    }
    return _without_none(found)


def _without_none(part: dict[str, Any]) -> dict[str, Any]:
    if isinstance(part.get("title"), str):
        part.pop("title")
    if part.get("default", 0) is None:
        part.pop("default")
    if "patternProperties" in part:
        part.setdefault("additionalProperties", False)
    choices = [one for one in part.get("anyOf", ()) if one != {"type": "null"}]
    if len(choices) == 1:
        part.pop("anyOf")
        return {**choices[0], **part}
    return part


def _copied(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _copied(one) for name, one in part.items()}
    return [_copied(one) for one in part] if isinstance(part, list) else part
