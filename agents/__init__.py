"""The AutoGen seam: teams run inside a workflow, their calls leave it as activities.

Write teams with `team`, `model`, `tool` and `TeamContext`. Importing this package imports no AutoGen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.context import TeamContext
    from agents.registry import model, team
    from agents.routed import RoutedTeam, Subscriber
    from contracts.bridge import Inbound, Outbound
    from tools.registry import ToolContext, tool

__all__ = [
    "Inbound",
    "Outbound",
    "RoutedTeam",
    "Subscriber",
    "TeamContext",
    "ToolContext",
    "model",
    "team",
    "tool",
]

_HOMES = {
    "Inbound": "contracts.bridge",
    "Outbound": "contracts.bridge",
    "RoutedTeam": "agents.routed",
    "Subscriber": "agents.routed",
    "TeamContext": "agents.context",
    "ToolContext": "tools.registry",
    "model": "agents.registry",
    "team": "agents.registry",
    "tool": "tools.registry",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'agents' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
