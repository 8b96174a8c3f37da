"""Reads definitions from YAML and JSON. What is wrong is told with file, line and column."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any

from pydantic import BaseModel, ValidationError
from yaml import MarkedYAMLError, YAMLError

from contracts.errors import InvalidFlow
from contracts.flows import MAX_FLOW_BYTES, Flow
from contracts.texts import cut
from flows import yaml_text
from flows.checking import check
from flows.faults import Fault, Path, meant
from flows.sources import Source, refuse

_TEXT = "<text>"
_KINDS = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "a mapping (names with values)",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "model_type": "a mapping (names with values)",
    "string_type": "text",
    "tuple_type": "a list",
}


def load(path_or_text: str | File) -> Flow:
    """Read a definition and check all that can be told without what is registered.

    Args:
        path_or_text: a file (`.json` is read as JSON, all else as YAML), or the text itself where it has several
            lines or begins with a brace.

    Raises:
        InvalidFlow: with each fault in a line that begins with file, line and column.
    """
    flow, source = read(path_or_text)
    check(flow, source=source)
    return flow


def read(path_or_text: str | File) -> tuple[Flow, Source]:
    """Read a definition without checking its graph, with the text, so that a later `check` can name lines.

    Raises:
        InvalidFlow: it cannot be read, or does not have the shape of a definition.
    """
    name, text = _text(path_or_text)
    reading = _reading(name, text)
    source = Source(name=name, text=text, value=reading.value, names=reading.names, values=reading.values)
    faults = [*reading.faults, *_doubts(reading), *_unread(reading.value)]
    try:
        flow = Flow.model_validate(reading.value)
    except ValidationError as error:
        refuse(name, [*faults, *shape_faults(error)], source)
        raise
    refuse(name, faults, source)
    return flow, source


def _text(path_or_text: str | File) -> tuple[str, str]:
    if isinstance(path_or_text, str) and ("\n" in path_or_text or path_or_text.lstrip().startswith("{")):
        return _TEXT, _within_size(_TEXT, path_or_text.encode(errors="replace"))
    name = str(path_or_text)
    try:
        with File(path_or_text).open("rb") as file:
            return name, _within_size(name, file.read(MAX_FLOW_BYTES + 1))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise InvalidFlow(name, [f"{name}: the file cannot be read: {why}"]) from error


def _within_size(name: str, content: bytes) -> str:
    if len(content) > MAX_FLOW_BYTES:
        most = f"a definition has {MAX_FLOW_BYTES // 1024} KiB at most"
        raise InvalidFlow(name, [f"{name}:1:1: {most}: move parts of it into flows of their own"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidFlow(name, [f"{name}:{line}:1: this is not UTF-8: save the file in that encoding"]) from error


def _reading(name: str, text: str) -> yaml_text.Reading:
    as_json = name.endswith(".json") or (name == _TEXT and text.lstrip().startswith("{"))
    try:
        return yaml_text.read_json(text) if as_json else yaml_text.read(text)
    except json.JSONDecodeError as error:
        raise InvalidFlow(name, [f"{name}:{error.lineno}:{error.colno}: this is no JSON: {error.msg}"]) from error
    except MarkedYAMLError as error:
        at = yaml_text.position(error.problem_mark or error.context_mark)
        raise InvalidFlow(name, [f"{name}:{at}: {' '.join(filter(None, (error.context, error.problem)))}"]) from error
    except YAMLError as error:
        raise InvalidFlow(name, [f"{name}:1:1: {' '.join(str(error).split())}"]) from error


def _doubts(reading: yaml_text.Reading) -> Iterator[Fault]:
    steps = reading.value.get("steps") if isinstance(reading.value, dict) else None
    for path, word in reading.doubtful.items():
        if word not in (steps or ()):
            advice = f"write '{word}' in quotes for the text, or true or false"
            yield Fault(path=path, message=f"{word} means a truth value to some readers of YAML: {advice}")


def _unread(value: Any, path: Path = ()) -> Iterator[Fault]:
    """Keys that Pydantic passes over in silence, in values that are not only parts of definitions."""
    model = _model(path)
    if isinstance(value, list):
        for place, part in enumerate(value):
            yield from _unread(part, (*path, place))
    if not isinstance(value, dict) or (model is None and _type_at(path) is None):
        return
    for name, part in value.items():
        here = (*path, name)
        if model and model.model_config.get("extra") == "ignore" and name not in known_keys(path):
            message = f"unknown key {name!r}{meant(name, known_keys(path))}"
            yield Fault(path=here, message=message, at_name=True)
        yield from _unread(part, here)


def shape_faults(error: ValidationError) -> Iterator[Fault]:
    """What Pydantic found, in our words."""
    found = error.errors(include_url=False)
    for one in found:
        # A list whose only entry is wrong seems empty to Pydantic.
        if one["type"] == "too_short" and one["input"]:
            continue
        path = tuple(part for part in one["loc"] if part != "[key]")
        at_name = one["type"] in ("extra_forbidden", "missing") or "[key]" in one["loc"]
        yield Fault(path=path, at_name=at_name, message=_shape_message(one, path))


def _shape_message(one: Mapping[str, Any], path: Path) -> str:
    kind, found, more = one["type"], _shown(one.get("input")), one.get("ctx", {})
    if kind == "extra_forbidden":
        return f"unknown key {path[-1]!r}{meant(str(path[-1]), known_keys(path[:-1]))}"
    if kind == "value_error":
        return str(more["error"])
    if kind in _KINDS:
        quote = ": write it in quotes" if kind == "string_type" and isinstance(one["input"], int | float) else ""
        return f"must be {_KINDS[kind]}, it is {found}{quote}"
    words = {
        "missing": "is missing",
        "string_pattern_mismatch": f"{found} is no name: write lower-case letters, digits and _, at most 60, beginning"
        " with a letter",
        "too_short": f"must have at least {more.get('min_length')}, it is empty",
        "too_long": f"must have at most {more.get('max_length')}",
        "literal_error": f"must be one of {more.get('expected')}, it is {found}",
    }
    return words.get(kind, f"{one['msg'].replace('Input should', 'must')}, it is {found}")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"a mapping with {', '.join(map(repr, list(value)[:3]))}" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False, default=str) if not isinstance(value, str) else repr(value)
    return cut(text, 80)


def known_keys(path: Path) -> list[str]:
    """The keys that a definition may have at a place; none where it may have any."""
    model = _model(path)
    return [one.alias or name for name, one in model.model_fields.items()] if model else []


def _model(path: Path) -> type[BaseModel] | None:
    found = _type_at(path)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _type_at(path: Path) -> Any:
    found: Any = Flow
    for part in path:
        found = _part(found, part)
    return _plain(found)


def _part(kind: Any, part: str | int) -> Any:
    """The type of one part of a value of some type."""
    kind = _plain(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = {one.alias or name: one for name, one in kind.model_fields.items()}
        return fields[str(part)].annotation if part in fields else None
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) is dict:
        return arguments[1]
    return arguments[0] if arguments else None


def _plain(kind: Any) -> Any:
    """A type without `| None` and without annotations."""
    if typing.get_origin(kind) is typing.Annotated:
        return _plain(typing.get_args(kind)[0])
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return _plain(next(one for one in typing.get_args(kind) if one is not types.NoneType))
    return kind
