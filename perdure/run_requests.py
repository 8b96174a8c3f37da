"""What a run is asked, put together from what a caller says."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.payloads import guard
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
) -> RunRequest:
    """Return a request of what `Perdure.start` was given; an id is drawn where none is given.

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
    )


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
