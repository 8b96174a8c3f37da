"""What a run is asked, put together from what a caller says."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.errors import BadRequest
from contracts.memories import MAX_IDENTITY_CHARS, checked_identity
from contracts.payloads import guard
from contracts.remembering import Injection, MemoryPolicy
from contracts.runs import Budget, RunRequest
from contracts.texts import cut
from perdure.checked import made as made_of
from perdure.connection import WORKFLOW
from perdure.starting import Order

SUMMARY_CHARACTERS = 120
DETAILS_CHARACTERS = 8000


def checked(**values: Any) -> RunRequest:
    """Return a request, or say in one line what is wrong with it.

    Raises:
        BadRequest: a field is wrong.
        PayloadTooLarge: the request as a whole is larger than one event of a history may hold.
    """
    request = made_of(RunRequest, values)
    guard("the request", request, advice="put the material into files and name their folder")
    return request


def made(
    team: str,
    task: str,
    *,
    user: str | None = None,
    session: str | None = None,
    run_id: str | None = None,
    budget: Budget | None = None,
    files: str | Path | None = None,
    model: str | None = None,
    component: Mapping[str, Any] | None = None,
    memory: MemoryPolicy | None = None,
) -> RunRequest:
    """Return a request of what `Perdure.start` was given; an id is drawn where none is given.

    Without a policy the run has no memory; `memory_policy` says which one it has by default.

    Raises:
        BadRequest: a field is wrong; the message names it.
        PayloadTooLarge: the request as a whole is larger than 256 KiB.
    """
    return checked(
        run_id=run_id or new_id(team),
        team=team,
        task=task,
        component=dict(component) if component is not None else None,
        model=model,
        scope={"user": user, "session": session},
        budget=budget or Budget(),
        # The worker may run in another folder.
        files=None if files is None else os.path.abspath(files),
        memory=memory,
    )


def memory_policy(
    memory: Injection | MemoryPolicy | None, *, user: str | None, session: str | None, enabled: bool
) -> MemoryPolicy | None:
    """Return how a run uses memory: as it was asked, else in the system message where the run is for somebody.

    Args:
        memory: what was asked; None is the default.
        user: the person the run serves.
        session: the conversation the run belongs to.
        enabled: whether the settings allow it.

    Raises:
        BadRequest: memory is to be used, and user or session is not the id of one person or conversation.
    """
    if not enabled or memory == "off" or (memory is None and user is None and session is None):
        return None
    for name, value in (("user", user), ("session", session)):
        # What is too long is refused by the request, which names the field.
        if value is not None and len(value) <= MAX_IDENTITY_CHARS:
            _check_identity(name, value)
    return flow_memory_policy(memory, enabled=enabled)


def flow_memory_policy(memory: Injection | MemoryPolicy | None, *, enabled: bool) -> MemoryPolicy | None:
    """Return how the teams of a flow use memory, those that work for somebody; see `memory_policy`."""
    if not enabled or memory == "off":
        return None
    if isinstance(memory, MemoryPolicy):
        return memory
    return MemoryPolicy() if memory is None else MemoryPolicy(inject=memory)


def _check_identity(name: str, value: str) -> None:
    try:
        checked_identity(value)
    except ValueError as error:
        raise BadRequest(f'{name}: {error}; with memory="off" the run has no memory, and any {name} will do') from error


def new_id(team: str) -> str:
    """Draw an id for a run that is readable and that nobody else has."""
    label = re.sub(r"[^a-z0-9]+", "-", team.lower()).strip("-")[:40] or "run"
    return f"{label}-{secrets.token_hex(6)}"


def order(request: RunRequest) -> Order:
    """Return what starts a run."""
    scope = request.scope
    return Order(
        workflow=WORKFLOW,
        run_id=request.run_id,
        request=request,
        memo={"team": request.team, "user": scope.user, "session": scope.session},
        attributes={
            "PerdureTeam": request.team,
            "PerdureUser": scope.user,
            "PerdureSession": scope.session,
            "PerdurePhase": "running",
            "PerdureWaitingFor": "nothing",
        },
        summary=summary(request),
        details=details(request),
    )


def summary(request: RunRequest) -> str:
    """Return the one line that the Temporal UI shows for a run."""
    return cut(f"{request.team}: {' '.join(request.task.split())}", SUMMARY_CHARACTERS)


def details(request: RunRequest) -> str:
    """Return what the Temporal UI tells of a run, in Markdown."""
    task = request.task
    shown = task if len(task) <= DETAILS_CHARACTERS else f"{task[:DETAILS_CHARACTERS]}…"
    return f"**Team** {request.team}\n\n**Task**\n\n{shown}"
