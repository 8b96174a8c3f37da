"""Reads Google style docstrings: what a function does, and what its parameters mean."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

_SECTION = re.compile(r"^(Args|Arguments|Attributes|Examples?|Notes?|Raises|Returns|Yields):\s*$", re.MULTILINE)
_PARAMETER = re.compile(r"^\*{0,2}(\w+)(?:\s*\([^)]*\))?:\s*(.*)$")


def description(function: Callable[..., Any]) -> str:
    """What stands before the first section, "" without a docstring."""
    return _SECTION.split(inspect.getdoc(function) or "", maxsplit=1)[0].strip()


def parameters(function: Callable[..., Any]) -> dict[str, str]:
    """The lines of the section "Args" by name, each joined to one line."""
    lines = inspect.cleandoc(_section(inspect.getdoc(function) or "", "Args")).splitlines()
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        if (match := _PARAMETER.match(line)) and not line.startswith(" "):
            name, text = match.groups()
            found[name] = text.strip()
        elif name:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def _section(text: str, title: str) -> str:
    pieces = _SECTION.split(text)
    sections = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    return sections.get(title, "") or sections.get("Arguments", "")
