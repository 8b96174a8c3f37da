"""How large a value may be that one event of a history holds."""

from __future__ import annotations

from pydantic import BaseModel

from contracts.conversation import MAX_COMMAND_BYTES
from contracts.errors import PayloadTooLarge

MAX_CARRIED_BYTES = 1024 * 1024


def fits(payload: BaseModel) -> bool:
    """Whether one event of the history may hold a payload."""
    return _size(payload) <= MAX_COMMAND_BYTES


def guard(what: str, payload: BaseModel, *, advice: str) -> None:
    """Refuse a payload that one event of the history should not hold.

    Raises:
        PayloadTooLarge: it is over 256 KiB as JSON.
    """
    size = _size(payload)
    if size > MAX_COMMAND_BYTES:
        raise PayloadTooLarge(what, size=size, limit=MAX_COMMAND_BYTES, advice=advice)


def _size(payload: BaseModel) -> int:
    return len(payload.model_dump_json().encode())


def guard_carried(what: str, payload: BaseModel, *, advice: str) -> None:
    """Refuse what is too much to begin a new history with: a definition, its children's and all outputs together.

    Raises:
        PayloadTooLarge: it is over 1 MiB as JSON; twice as much ends a run.
    """
    size = len(payload.model_dump_json().encode())
    if size > MAX_CARRIED_BYTES:
        raise PayloadTooLarge(what, size=size, limit=MAX_CARRIED_BYTES, advice=advice)
