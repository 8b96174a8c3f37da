"""How large a value may be that one event of a history holds."""

from __future__ import annotations

from pydantic import BaseModel

from contracts.conversation import MAX_COMMAND_BYTES
from contracts.errors import PayloadTooLarge


def guard(what: str, payload: BaseModel, *, advice: str) -> None:
    """Refuse a payload that one event of the history should not hold.

    Raises:
        PayloadTooLarge: it is over 256 KiB as JSON.
    """
    size = len(payload.model_dump_json().encode())
    if size > MAX_COMMAND_BYTES:
        raise PayloadTooLarge(what, size=size, limit=MAX_COMMAND_BYTES, advice=advice)
