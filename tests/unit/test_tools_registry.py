from __future__ import annotations

import functools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import jsonschema
import pytest
from pydantic import BaseModel, Field

from agents import tool as exported_tool
from contracts.errors import BadRequest, ConfigurationError, UnknownName
from tools.registry import TOOLS, RegisteredTool, ToolContext, ToolRegistry, described, tool


class Item(BaseModel):
    """Something that is sold."""

    name: str
    count: int = 1


class Tree(BaseModel):
    """Something that holds more of its kind."""

    below: list[Tree] = []


def everything(
    text: Annotated[str, "What to say."],
    copy: int,
    items: list[Item],
    ctx: ToolContext,
    tree: Tree | None = None,
    limit: Annotated[int, Field(ge=1, description="At most so many.")] = 4,
) -> str:
    """Do all of it.

    And more.

    Args:
        copy: How many
            copies to make.
        limit (int): not this text, but the field's.

    Returns:
        What was done.
    """
    return f"{text} {copy} {items} {ctx.run_id} {tree} {limit}"


@pytest.fixture
def context(tmp_path: Path) -> ToolContext:
    return ToolContext(run_id="r-1", path="alice", files=None, output=tmp_path, idempotency_key="key")


def test_a_tool_is_described_by_its_signature_and_docstring() -> None:
    schema = described(everything).schema
    parameters = schema["parameters"]
    assert (schema["name"], schema["description"]) == ("everything", "Do all of it.\n\nAnd more.")
    assert list(parameters["properties"]) == ["text", "copy", "items", "tree", "limit"]
    assert parameters["properties"]["text"] == {"description": "What to say.", "type": "string"}
    assert parameters["properties"]["copy"] == {"description": "How many copies to make.", "type": "integer"}
    assert parameters["properties"]["limit"] == {
        "default": 4, "description": "At most so many.", "minimum": 1, "type": "integer",
    }  # fmt: skip
    assert (parameters["required"], parameters["additionalProperties"]) == (["text", "copy", "items"], False)
    assert (schema["strict"], parameters["type"]) == (False, "object")


def test_a_schema_is_json_schema_and_fits_what_the_function_takes() -> None:
    parameters = described(everything).schema["parameters"]
    jsonschema.Draft202012Validator.check_schema(parameters)
    given = {"text": "a", "copy": 1, "items": [{"name": "b"}], "tree": {"below": [{}]}}
    jsonschema.validate(given, parameters)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**given, "ctx": {}}, parameters)
    assert json.loads(json.dumps(parameters)) == parameters


def test_arguments_become_what_the_annotations_say(context: ToolContext) -> None:
    bound = described(everything).bind({"text": "a", "copy": "3", "items": [{"name": "b"}]}, context)
    assert bound == {"text": "a", "copy": 3, "items": [Item(name="b")], "ctx": context}
    assert everything(**bound) == "a 3 [Item(name='b', count=1)] r-1 None 4"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "argument 'text' is missing"),
        ({"text": "a", "copy": "many", "items": []}, "argument 'copy': input should be a valid integer"),
        ({"text": "a", "copy": 1, "items": [{}]}, "argument 'items.0.name' is missing"),
        ({"text": "a", "copy": 1, "items": [], "limit": 0}, "argument 'limit': input should be greater than or equal"),
        ({"text": "a", "copy": 1, "items": [], "ctx": {}}, "there is no argument 'ctx'"),
        ({"text": "a", "copy": 1, "items": [], "textt": "b"}, "there is no argument 'textt'"),
    ],
)
def test_bad_arguments_are_one_clear_line(arguments: dict[str, Any], complaint: str, context: ToolContext) -> None:
    with pytest.raises(BadRequest) as caught:
        described(everything).bind(arguments, context)
    line = str(caught.value)
    assert line.startswith("bad arguments for tool 'everything': ")
    assert complaint in line
    assert line.endswith("it takes text, copy, items, tree, limit")
    assert "\n" not in line


def _callback(x: Callable[[], None]) -> None: ...
def _own_class(x: Path | ToolRegistry) -> None: ...
def _variadic(*x: int) -> None: ...
def _keywords(**x: int) -> None: ...
def _positional(x: int, /) -> None: ...
def _untyped(x) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001
def _generator() -> Iterator[int]:
    yield 1


async def _async_generator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (_callback, "parameter 'x' has the type Callable"),
        (_own_class, "which JSON cannot carry"),
        (_variadic, "parameter 'x' cannot be given by name"),
        (_keywords, "parameter 'x' cannot be given by name"),
        (_positional, "parameter 'x' cannot be given by name"),
        (_untyped, "parameter 'x' has no type: annotate it"),
        (_generator, "is a generator: return a list"),
        (_async_generator, "is a generator: return a list"),
        (lambda: 1, "pass name=... to @tool"),
    ],
)
def test_what_cannot_be_offered_to_a_model_is_refused(function: Callable[..., Any], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint.replace("(", r"\(")):
        described(function)


def test_annotations_that_cannot_be_read_are_refused() -> None:
    def local(x: Missing) -> None: ...  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(ConfigurationError, match="its annotations cannot be read: name 'Missing' is not defined"):
        described(local)


@pytest.mark.parametrize(("attempts", "timeout_seconds"), [(0, 1), (1, 0)])
def test_limits_must_make_sense(attempts: int, timeout_seconds: float) -> None:
    with pytest.raises(ConfigurationError, match="attempts of at least 1"):
        described(everything, attempts=attempts, timeout_seconds=timeout_seconds)


def test_a_context_is_recognised_when_it_is_optional(context: ToolContext) -> None:
    def maybe(ctx: ToolContext | None = None) -> str:
        return ctx.run_id if ctx else "nowhere"

    entry = described(maybe)
    assert entry.schema["parameters"]["properties"] == {}
    assert maybe(**entry.bind({}, context)) == "r-1"


@pytest.mark.parametrize("name", ["copy", "json", "schema", "model_config", "model_x", "self_", "validate"])
def test_parameters_may_be_called_as_they_like(name: str, context: ToolContext) -> None:
    namespace: dict[str, Any] = {}
    code = compile(f"def odd({name}: int) -> int:\n    return {name}", "odd", "exec")
    exec(code, namespace)
    entry = described(namespace["odd"])
    assert list(entry.schema["parameters"]["properties"]) == [name]
    assert entry.function(**entry.bind({name: 7}, context)) == 7


def test_the_decorator_leaves_the_function_as_it_was() -> None:
    @tool(name="test_registry_add", quick=True, attempts=5, timeout_seconds=2.5)
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    entry = TOOLS.get("test_registry_add")
    assert add(1, 2) == 3
    assert TOOLS.find(add) is entry
    assert entry.function is add
    assert (entry.quick, entry.attempts, entry.timeout.total_seconds()) == (True, 5, 2.5)
    assert exported_tool is tool


def test_a_name_belongs_to_one_function() -> None:
    registry = ToolRegistry()
    registry.add(described(everything))
    registry.add(described(everything))
    with pytest.raises(
        ConfigurationError, match=r"tool 'everything' is registered twice, by .*everything and .*_callback"
    ):
        registry.add(_renamed(described(everything), _callback))
    assert registry.names() == ["everything"]


def test_a_module_that_is_loaded_again_replaces_its_tools() -> None:
    registry = ToolRegistry()
    code = compile("def again() -> int:\n    return 1", "again", "exec")
    first: dict[str, Any] = {"__name__": "app"}
    second: dict[str, Any] = {"__name__": "app"}
    exec(code, first)
    exec(code, second)
    registry.add(described(first["again"]))
    registry.add(described(second["again"]))
    assert registry.get("again").function is second["again"]


def test_an_unknown_tool_offers_the_nearest() -> None:
    registry = ToolRegistry()
    registry.add(described(everything))
    with pytest.raises(UnknownName, match="unknown tool 'everthing': did you mean 'everything'"):
        registry.get("everthing")
    assert registry.find(_callback) is None


def test_a_partial_has_the_parameters_that_are_left(context: ToolContext) -> None:
    def scale(value: float, factor: float) -> float:
        return value * factor

    entry = described(functools.partial(scale, factor=2.0), name="double")
    assert entry.function(**entry.bind({"value": 4}, context)) == 8


def _renamed(entry: RegisteredTool, function: Callable[..., Any]) -> RegisteredTool:
    return RegisteredTool(
        name=entry.name, description="", schema=entry.schema, function=function, signature=entry.signature
    )
