"""Events that are told from outside: kept in the outbox, and delivered by the workers."""

from __future__ import annotations

import secrets
from typing import Any

from contracts.state import Emitted
from perdure import checked
from perdure.state import State

CLIENT = "/perdure/client"
COMMAND_LINE = "/perdure/cli"


async def emit(
    state: State, kind: str, *, source: str, subject: str | None = None, data: Any = None, id: str | None = None
) -> Emitted:
    """Keep an event; see `Perdure.emit`.

    Args:
        state: whose outbox it is kept in.
        kind: its type.
        source: who tells.
        subject: what it is about.
        data: any JSON value.
        id: unique within the source; by default one is drawn.

    Raises:
        BadRequest: a field is wrong.
        BackendUnavailable: the database does not answer.
    """
    values = {"type": kind, "source": source, "subject": subject, "data": data, "id": id or secrets.token_hex(16)}
    event = checked.made(Emitted, values, what="the event")
    await state.commit(events=[event])
    return event
