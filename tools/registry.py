"""Tools by name. Importing this does no I/O and loads no driver: workflows read here what a tool takes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, overload

from contracts.errors import ConfigurationError, UnknownName
from tools import docstrings
from tools.context import ToolContext as ToolContext
from tools.signatures import Signature

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class RegisteredTool:
    """A function that agents may call.

    Attributes:
        name: what a model calls it.
        description: what a model is told about it.
        schema: name, description and parameters in the shape of AutoGen's `ToolSchema`.
        function: what the author wrote, sync or async.
        quick: a local activity: under a second, no effect outside, safe to run twice.
        attempts: how often it is tried when the network or the disk fails.
        timeout_seconds: the time one attempt may take, in seconds.
    """

    name: str
    description: str
    schema: dict[str, Any]
    function: Callable[..., Any]
    signature: Signature
    quick: bool = False
    attempts: int = 3
    timeout_seconds: float = 600

    @property
    def timeout(self) -> timedelta:
        """The time one attempt may take."""
        return timedelta(seconds=self.timeout_seconds)

    def bind(self, arguments: Mapping[str, Any], context: ToolContext) -> dict[str, Any]:
        """Return what the function is called with, or raise `BadRequest` with one line for the model."""
        return self.signature.bind(arguments, context)


class ToolRegistry:
    """Tools that an app has registered."""

    def __init__(self) -> None:
        self._tools: dict[str, RegisteredTool] = {}

    def add(self, entry: RegisteredTool) -> None:
        """Register a tool. Registering the same function again replaces it, as when its module is loaded again.

        Raises:
            ConfigurationError: another function holds that name.
        """
        held = self._tools.get(entry.name)
        if held and _place(held.function) != _place(entry.function):
            raise ConfigurationError(
                f"tool {entry.name!r} is registered twice, by {_place(held.function)} and {_place(entry.function)}: "
                "rename one of them"
            )
        self._tools[entry.name] = entry

    def get(self, name: str) -> RegisteredTool:
        """Return the tool of that name, or raise `UnknownName` with the nearest names."""
        if name not in self._tools:
            raise UnknownName("tool", name, self._tools)
        return self._tools[name]

    def find(self, function: Callable[..., Any]) -> RegisteredTool | None:
        """Return the tool that was made of this function, None if it was not registered."""
        return next((entry for entry in self._tools.values() if entry.function is function), None)

    def names(self) -> list[str]:
        """The names of all tools, sorted."""
        return sorted(self._tools)


TOOLS = ToolRegistry()


def described(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    quick: bool = False,
    attempts: int = 3,
    timeout_seconds: float = 600,
) -> RegisteredTool:
    """Make a tool of a function without registering it.

    Raises:
        ConfigurationError: the function, or one of its parameters, cannot be offered to a model.
    """
    label = name or str(getattr(function, "__name__", ""))
    _refuse_odd(function, label, attempts=attempts, timeout_seconds=timeout_seconds)
    signature = Signature.of(function, tool=label)
    text = docstrings.description(function) or label.replace("_", " ")
    schema = {"name": label, "description": text, "parameters": signature.schema(), "strict": False}
    return RegisteredTool(
        name=label,
        description=text,
        schema=schema,
        function=function,
        signature=signature,
        quick=quick,
        attempts=attempts,
        timeout_seconds=timeout_seconds,
    )


@overload
def tool(function: _Function, /) -> _Function: ...


@overload
def tool(
    *, name: str | None = None, quick: bool = False, attempts: int = 3, timeout_seconds: float = 600
) -> Callable[[_Function], _Function]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    quick: bool = False,
    attempts: int = 3,
    timeout_seconds: float = 600,
) -> Any:
    """Register the decorated function, sync or async, as a tool; the function itself stays as it was.

    The docstring tells the model what the tool does; its section "Args" tells what each parameter means. It runs in an
    activity: free to do I/O, retried when the network or the disk fails, never repeated once its result is recorded.

    Args:
        function: the function, when the decorator is used without parentheses.
        name: what the model calls it; the function's name by default.
        quick: run it as a local activity. Only for tools that take under a second, have no effect outside and may run
            twice after a crash.
        attempts: how often it is tried when the network or the disk fails.
        timeout_seconds: the time one attempt may take, in seconds.

    Raises:
        ConfigurationError: the name is taken, or a parameter cannot be described as JSON.
    """

    def register(wanted: _Function) -> _Function:
        entry = described(wanted, name=name, quick=quick, attempts=attempts, timeout_seconds=timeout_seconds)
        TOOLS.add(entry)
        return wanted

    return register if function is None else register(function)


def _refuse_odd(function: Callable[..., Any], label: str, *, attempts: int, timeout_seconds: float) -> None:
    if not _NAME.fullmatch(label):
        raise ConfigurationError(f"tool name {label!r} must be 1 to 64 letters, digits, _ or -: pass name=... to @tool")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigurationError(f"tool {label!r} is a generator: return a list instead")
    if attempts < 1 or timeout_seconds <= 0:
        raise ConfigurationError(f"tool {label!r} needs attempts of at least 1 and timeout_seconds above 0")


def _place(function: Callable[..., Any]) -> str:
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', type(function).__qualname__)}"
