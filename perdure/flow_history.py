"""What Temporal's history tells of a flow, without a worker: what was asked, and every decision."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent, MarkerRecordedEventAttributes
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from contracts.decisions import Decision
from contracts.errors import BadRequest, NotFound
from contracts.flows import FlowRequest
from perdure.connection import FLOW_WORKFLOW, answering

# How Temporal's SDKs record a local activity that is over.
_MARKER = "core_local_activity"
_DECIDE = "decide"


async def events(client: Client, run_id: str, *, first: str) -> AsyncIterator[HistoryEvent]:
    """Yield the events of a run that are there now, over all parts that continue-as-new cut it into.

    Raises:
        NotFound: Temporal has forgotten the run's history.
        BackendUnavailable: Temporal does not answer.
    """
    part: str | None = first
    while part:
        named, part = part, None
        async for event in _of_part(client, run_id, named):
            yield event
            part = event.workflow_execution_continued_as_new_event_attributes.new_execution_run_id or None


async def _of_part(client: Client, run_id: str, part: str) -> AsyncIterator[HistoryEvent]:
    async with answering(client):
        try:
            async for event in client.get_workflow_handle(run_id, run_id=part).fetch_history_events():
                yield event
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            raise NotFound(f"the history of run {run_id!r} is not kept any more") from error


async def request(client: Client, run_id: str, *, first: str) -> FlowRequest:
    """Return what a flow was started with, its definition included.

    Raises:
        BadRequest: the run is no flow.
        NotFound: Temporal has forgotten the run's history.
        BackendUnavailable: Temporal does not answer.
    """
    async for event in events(client, run_id, first=first):
        started = event.workflow_execution_started_event_attributes
        if started.workflow_type.name != FLOW_WORKFLOW:
            raise BadRequest(f"run {run_id!r} is not a flow but a {started.workflow_type.name}: see `perdure show`")
        found: list[FlowRequest] = await client.data_converter.decode(started.input.payloads, [FlowRequest])
        return found[0]
    raise NotFound(f"the history of run {run_id!r} is empty")


async def decisions(client: Client, run_id: str, *, first: str) -> AsyncIterator[Decision]:
    """Yield the decisions of a flow in the order they were made, each as its history keeps it.

    Raises:
        NotFound: Temporal has forgotten the run's history.
        BackendUnavailable: Temporal does not answer.
    """
    async for event in events(client, run_id, first=first):
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            marker = event.marker_recorded_event_attributes
            if _is_decision(marker):
                found: list[Decision] = await client.data_converter.decode(
                    marker.details["result"].payloads, [Decision]
                )
                yield found[0]


def _is_decision(marker: MarkerRecordedEventAttributes) -> bool:
    if marker.marker_name != _MARKER or "result" not in marker.details or "data" not in marker.details:
        return False
    about = json.loads(marker.details["data"].payloads[0].data)
    return bool(about.get("activity_type") == _DECIDE)
