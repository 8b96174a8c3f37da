"""What keeps a repeated attempt from doing the work again: the answer of each finished call, by its activity."""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import BaseModel
from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts.conversation import digest
from contracts.conversation_ports import ResultJournal
from contracts.errors import BackendUnavailable, IdempotencyMismatch

TENANT = "default"
_Answer = TypeVar("_Answer", bound=BaseModel)


def call_key() -> str:
    """The idempotency key of the activity under way: tenant, workflow id, Temporal run id, activity id."""
    info = activity.info()
    return f"{TENANT}/{info.workflow_id}/{info.workflow_run_id}/{info.activity_id}"


async def recorded(journal: ResultJournal, request: BaseModel, kind: type[_Answer]) -> _Answer | None:
    """Return what an earlier attempt of this activity has recorded, None on the first one or if it recorded nothing."""
    if activity.info().attempt == 1:
        return None
    try:
        found = await journal.find(call_key(), request=_digest(request))
    except IdempotencyMismatch as error:
        raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from error
    return None if found is None else kind.model_validate_json(found)


async def record(journal: ResultJournal, request: BaseModel, answer: BaseModel) -> None:
    """Record an answer. Where that fails it is logged: the work is done, and returning it beats doing it again."""
    try:
        await journal.record(call_key(), request=_digest(request), answer=answer.model_dump_json())
    except BackendUnavailable as error:
        activity.logger.warning("the answer of %s could not be recorded: %s", call_key(), error)


def _digest(request: BaseModel) -> bytes:
    return digest(json.dumps(request.model_dump(mode="json"), sort_keys=True).encode())
