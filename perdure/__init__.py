"""How people reach the engine: the client, the command line, the settings and the local stack.

Names are imported when they are first used, so that `perdure --help` loads neither Temporal nor AutoGen.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perdure.client import Perdure as Perdure
    from perdure.descriptions import FlowDescription as FlowDescription
    from perdure.descriptions import RunDescription as RunDescription
    from perdure.descriptions import RunSummary as RunSummary
    from perdure.flow_run import FlowRunHandle as FlowRunHandle
    from perdure.run import Run as Run
    from perdure.settings import Settings as Settings
    from perdure.state import State as State

_HOMES = {
    "FlowDescription": "perdure.descriptions",
    "FlowRunHandle": "perdure.flow_run",
    "Perdure": "perdure.client",
    "Run": "perdure.run",
    "RunDescription": "perdure.descriptions",
    "RunSummary": "perdure.descriptions",
    "Settings": "perdure.settings",
    "State": "perdure.state",
}

__all__ = [
    "FlowDescription",
    "FlowRunHandle",
    "Perdure",
    "Run",
    "RunDescription",
    "RunSummary",
    "Settings",
    "State",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'perdure' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
