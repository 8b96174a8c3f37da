"""What a termination condition has counted, as JSON values: AutoGen saves none of it.

The fields of a condition are taken as they are, so conditions that users write are kept too. What is no plain data, a
function for example, stays as the factory made it.
"""

from __future__ import annotations

from typing import Any

from autogen_agentchat.base import TerminationCondition
from autogen_agentchat.messages import StopMessage

_Plain = bool | int | float | str | None
_SEQUENCES: dict[str, type[Any]] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


def saved(value: Any) -> Any:
    """Return a condition, or a field of one, as JSON values."""
    if isinstance(value, _Plain):
        return value
    if isinstance(value, TerminationCondition):
        return {"condition": {name: saved(field) for name, field in vars(value).items()}}
    if isinstance(value, StopMessage):
        return {"stop": [value.content, value.source]}
    if isinstance(value, dict):
        return {"dict": [[saved(key), saved(item)] for key, item in value.items()]}
    if (kind := type(value).__name__) in _SEQUENCES:
        # A set's own order depends on PYTHONHASHSEED, and what is saved must not.
        return {kind: [saved(item) for item in (sorted(value, key=repr) if "set" in kind else value)]}
    return {"left": None}


def restored(held: Any, state: Any) -> Any:
    """Return the value that `saved` was given; `held` is the one that the factory made, and conditions stay it."""
    if not isinstance(state, dict):
        return state
    ((kind, inner),) = state.items()
    if kind == "condition":
        for name, field in inner.items():
            setattr(held, name, restored(getattr(held, name, None), field))
        return held
    if kind == "stop":
        return StopMessage(content=inner[0], source=inner[1])
    if kind == "dict":
        return {restored(None, key): restored(_item(held, key), item) for key, item in inner}
    if kind in _SEQUENCES:
        return _SEQUENCES[kind](restored(_item(held, place), item) for place, item in enumerate(inner))
    return held


def _item(held: Any, place: Any) -> Any:
    try:
        return held[place]
    except (LookupError, TypeError):
        return None
