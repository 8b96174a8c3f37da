"""Turns a function's signature into the JSON schema that a model sees, and a model's arguments into the function's."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind

from contracts.errors import BadRequest, ConfigurationError
from tools import docstrings
from tools.context import ToolContext

# Parameters become fields under another name, so that one called "copy" or "model_x" hides nothing of Pydantic's.
_PREFIX = "argument_"
_CONFIG = ConfigDict(extra="forbid")
_VARIADIC = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The parameters of one tool.

    Attributes:
        model: one field per parameter that the model of the agent may set.
        context: name of the parameter that takes the `ToolContext`, None if there is none.
    """

    model: type[BaseModel]
    context: str | None

    @classmethod
    def of(cls, function: Callable[..., Any], *, tool: str) -> Signature:
        """Read a function's signature.

        Raises:
            ConfigurationError: a parameter cannot be described as JSON.
        """
        parameters = inspect.signature(function).parameters
        hints = _hints(function, tool)
        texts = docstrings.parameters(function)
        context = next((name for name in parameters if _is_context(hints.get(name))), None)
        fields: dict[str, Any] = {
            _PREFIX + name: _field(parameter, hints.get(name), tool=tool, text=texts.get(name, ""))
            for name, parameter in parameters.items()
            if name != context
        }
        return cls(model=create_model(tool, __config__=_CONFIG, **fields), context=context)

    def schema(self) -> dict[str, Any]:
        """The parameters as a JSON schema of one object."""
        found = self.model.model_json_schema(schema_generator=_PlainSchema)
        plain = {
            "type": "object",
            "properties": found.get("properties", {}),
            "required": found.get("required", []),
            "additionalProperties": False,
        }
        return plain | ({"$defs": found["$defs"]} if "$defs" in found else {})

    def bind(self, arguments: Mapping[str, Any], context: ToolContext) -> dict[str, Any]:
        """Return what the function is called with.

        Raises:
            BadRequest: an argument is missing, unknown or of the wrong type.
        """
        try:
            bound = self.model.model_validate(dict(arguments))
        except ValidationError as error:
            raise BadRequest(self._complaint(error)) from error
        given = {name.removeprefix(_PREFIX): getattr(bound, name) for name in bound.model_fields_set}
        return given | ({self.context: context} if self.context else {})

    def _complaint(self, error: ValidationError) -> str:
        known = [field.alias or "" for field in self.model.model_fields.values()]
        takes = f"it takes {', '.join(known)}" if known else "it takes no arguments"
        lines = [_problem(detail["type"], detail["loc"], detail["msg"]) for detail in error.errors()[:3]]
        return f"bad arguments for tool {self.model.__name__!r}: {'; '.join(lines)}; {takes}"


class _PlainSchema(GenerateJsonSchema):
    """Without titles, which only cost tokens, and silent about defaults that are not JSON."""

    ignored_warning_kinds: set[JsonSchemaWarningKind] = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012 - as in the base

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - the base's signature
        return False


def _problem(kind: str, place: tuple[int | str, ...], message: str) -> str:
    name = ".".join(map(str, place))
    if kind == "extra_forbidden":
        return f"there is no argument {name!r}"
    if kind == "missing":
        return f"argument {name!r} is missing"
    return f"argument {name!r}: {message[:1].lower()}{message[1:]}"


def _hints(function: Callable[..., Any], tool: str) -> dict[str, Any]:
    try:
        return typing.get_type_hints(_plain_function(function), include_extras=True)
    except (NameError, TypeError) as error:
        raise ConfigurationError(
            f"tool {tool!r}: its annotations cannot be read: {error}; import their types for real, at module level"
        ) from error


def _plain_function(function: Callable[..., Any]) -> Callable[..., Any]:
    if isinstance(function, functools.partial):
        return _plain_function(function.func)
    if inspect.isroutine(function):
        return function
    return type(function).__call__


def _is_context(hint: Any) -> bool:
    return hint is ToolContext or ToolContext in typing.get_args(hint)


def _field(parameter: inspect.Parameter, hint: Any, *, tool: str, text: str) -> tuple[Any, Any]:
    where = f"tool {tool!r}: parameter {parameter.name!r}"
    if parameter.kind in _VARIADIC or parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
        raise ConfigurationError(f"{where} cannot be given by name: give it a name and a default of its own")
    if hint is None:
        raise ConfigurationError(f"{where} has no type: annotate it, so that the model knows what to send")
    _refuse_non_json(hint, where)
    default = ... if parameter.default is inspect.Parameter.empty else parameter.default
    words = "" if _has_field_text(hint) else _own_text(hint) or text
    described: Any = {"description": words} if words else {}
    return hint, Field(default, alias=parameter.name, **described)


def _refuse_non_json(hint: Any, where: str) -> None:
    try:
        TypeAdapter(hint).json_schema()
    except PydanticUserError as error:
        kind = getattr(hint, "__name__", str(hint))
        raise ConfigurationError(
            f"{where} has the type {kind}, which JSON cannot carry: take text, numbers, lists or Pydantic models"
        ) from error


def _own_text(hint: Any) -> str:
    if typing.get_origin(hint) is not Annotated:
        return ""
    return next((extra for extra in typing.get_args(hint)[1:] if isinstance(extra, str)), "")


def _has_field_text(hint: Any) -> bool:
    return any(isinstance(extra, FieldInfo) and extra.description for extra in typing.get_args(hint)[1:])
