"""What a flow is asked, put together from what a caller says; its definitions are checked and pinned."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contracts.errors import BadRequest
from contracts.flows import Flow, FlowRequest
from contracts.payloads import guard
from contracts.remembering import MemoryPolicy
from contracts.runs import Budget, checked_run_id
from contracts.state import MAIN
from contracts.texts import cut
from flows.checking import check
from flows.registry import FLOWS
from perdure import checked
from perdure.connection import FLOW_WORKFLOW
from perdure.run_requests import DETAILS_CHARACTERS, SUMMARY_CHARACTERS, new_id
from perdure.starting import Order
from workflows import schemas


def made(
    flow: str | Flow,
    *,
    input: Mapping[str, Any],
    run_id: str | None = None,
    branch: str = MAIN,
    user: str | None = None,
    session: str | None = None,
    budget: Budget | None = None,
    files: str | Path | None = None,
    app: Sequence[str] = (),
    memory: MemoryPolicy | None = None,
) -> FlowRequest:
    """Return a request of what `Perdure.start_flow` was given; an id is drawn where none is given.

    Args:
        flow: name or definition.
        input: what the flow is started with.
        run_id: by default one is drawn.
        branch: branch of the state store.
        user: the person the flow serves.
        session: the conversation it belongs to.
        budget: limits of all its teams together.
        files: folder that the file tools may read.
        app: modules that register flows, teams and tools; with any, what the flow names must be among them.
        memory: how its teams use memory where they work for somebody; None: not at all.

    Raises:
        InvalidFlow: the definition has faults.
        UnknownName: no flow of that name is registered.
        SchemaViolation: the input does not fit the flow's schema.
        BadRequest: another field is wrong.
        PayloadTooLarge: definitions and input together are larger than 256 KiB.
    """
    definition, others = pinned(flow, app=app)
    schemas.check("the input", dict(input), definition.input)
    values = {
        "run_id": _checked_id(run_id or new_id(definition.name)),
        "flow": definition,
        "flows": others,
        "input": dict(input),
        "branch": branch,
        "scope": {"user": user, "session": session},
        "budget": budget or Budget(),
        # The worker may run in another folder.
        "files": None if files is None else os.path.abspath(files),
        "memory": memory,
    }
    request = checked.made(FlowRequest, values)
    guard("the request", request, advice="put the material into documents and name their places")
    return request


def pinned(flow: str | Flow, *, app: Sequence[str] = ()) -> tuple[Flow, dict[str, Flow]]:
    """Return a flow and all flows that it may come to run, checked.

    Raises:
        InvalidFlow: a definition has faults.
        UnknownName: a flow is not registered.
        ConfigurationError: an app module cannot be imported.
    """
    from agents.registry import REGISTRY, load_app
    from tools.registry import TOOLS

    if isinstance(flow, str) or app:
        load_app(app)
    found = FLOWS.get(flow) if isinstance(flow, str) else flow
    others = FLOWS.children(found)
    # Without an app of its own this process does not know what the worker's app registers.
    teams, tools = (REGISTRY.team_names(), TOOLS.names()) if app else (None, None)
    for definition in (found, *others.values()):
        check(definition, others={**others, found.name: found}, teams=teams, tools=tools)
    return found, others


def _checked_id(run_id: str) -> str:
    try:
        return checked_run_id(run_id)
    except ValueError as error:
        raise BadRequest(str(error)) from error


def order(request: FlowRequest) -> Order:
    """Return what starts a flow."""
    scope = request.scope
    return Order(
        workflow=FLOW_WORKFLOW,
        run_id=request.run_id,
        request=request,
        memo={"flow": request.flow.name, "user": scope.user, "session": scope.session},
        attributes={
            "PerdureFlow": request.flow.name,
            "PerdureUser": scope.user,
            "PerdureSession": scope.session,
            "PerdurePhase": "running",
        },
        summary=_summary(request),
        details=_details(request),
    )


def _summary(request: FlowRequest) -> str:
    line = f"flow {request.flow.name} {request.flow.version}: {' '.join(request.flow.description.split())}"
    return cut(line, SUMMARY_CHARACTERS)


def _details(request: FlowRequest) -> str:
    shown = json.dumps(request.input, ensure_ascii=False, indent=2)[:DETAILS_CHARACTERS]
    return f"**Flow** {request.flow.name} {request.flow.version}\n\n**Input**\n\n```json\n{shown}\n```"
