"""What a step does, a map does for each item, and a compensation does: the five kinds of actions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from temporalio import workflow

from contracts.errors import BadRequest, StepFailed
from contracts.flows import Action, Assignment, CallAction, EmitAction, FlowRequest, SetAction, Step
from contracts.state import Author, Emitted
from contracts.steps import EmitEventsRequest, FlowToolRequest, WriteStateRequest
from expressions import paths
from workflows import calls
from workflows.children import Children
from workflows.failures import FAILURES, explained
from workflows.flow_state import check_output
from workflows.sight import Sight
from workflows.spot import Spot


class Actions:
    """Does one thing at a time, and returns its output.

    Args:
        request: the flow's request.
        children: runs teams and flows.
    """

    def __init__(self, request: FlowRequest, children: Children) -> None:
        self._request = request
        self._children = children

    async def run(self, part: Action | Step, spot: Spot, sight: Sight) -> Any:
        """Do it and return its output.

        Raises:
            PerdureError, FailureError: it failed for good.
        """
        output = await self._run(part, spot, sight)
        check_output(f"the output of {spot.id!r}", output)
        return output

    async def _run(self, part: Action | Step, spot: Spot, sight: Sight) -> Any:
        if part.call is not None:
            return await self._call(part.call, spot, sight)
        if part.set is not None:
            return await self._set(part.set, spot, sight)
        if part.emit is not None:
            return await self._emit(part.emit, spot, sight)
        if (team := part.team) is not None:
            return await again(spot, lambda: self._children.team(team, spot, sight))
        if (flow := part.flow) is not None:
            return await again(spot, lambda: self._children.flow(flow, spot, sight))
        raise StepFailed(f"{spot.id!r} has nothing to do", step=spot.step)

    async def _call(self, action: CallAction, spot: Spot, sight: Sight) -> Any:
        arguments = await sight.fill(action.arguments, spot)
        request = FlowToolRequest(
            step=spot.step,
            visit=spot.visit,
            tool=action.tool,
            arguments=arguments,
            files=self._request.files,
            seconds=spot.timeout.total_seconds() if spot.timeout else None,
        )
        return (await calls.call_tool(request, id=spot.id, retry=spot.retry)).output

    async def _set(self, action: SetAction, spot: Spot, sight: Sight) -> dict[str, Any]:
        texts = [text for assignment in action.write for text in _expressions(assignment)]
        named, bound = sight.read(texts)
        written = sight.places(assignment.document for assignment in action.write)
        request = WriteStateRequest(
            step=spot.step,
            visit=spot.visit,
            assignments=action.write,
            documents=tuple({place.name: place for place in (*written, *named)}.values()),
            bound=bound,
            author=self._author(spot, why=action.why),
            tenant=self._request.tenant,
            branch=self._request.branch,
        )
        done = await calls.write_state(request, id=spot.id, limit=spot.timeout)
        return {name: {"version": version} for name, version in done.versions.items()}

    async def _emit(self, action: EmitAction, spot: Spot, sight: Sight) -> dict[str, Any]:
        told = {"subject": action.subject, "data": action.data}
        filled = await sight.fill(told, spot)
        id_ = new_id(spot.id)
        event = event_of(self._request, id=id_, type=action.type, subject=filled["subject"], data=filled["data"])
        await calls.emit(self.emission(event, spot), id=spot.id, limit=spot.timeout)
        return {"id": id_}

    def emission(self, event: Emitted, spot: Spot) -> EmitEventsRequest:
        """What emits an event of this flow."""
        author = self._author(spot, why=None)
        return EmitEventsRequest(
            events=(event,), author=author, tenant=self._request.tenant, branch=self._request.branch
        )

    def _author(self, spot: Spot, *, why: str | None) -> Author:
        return Author(actor=f"flow {self._request.flow.name}", run=self._request.run_id, step=spot.id, why=why)


async def again(spot: Spot, once: Callable[[], Awaitable[Any]]) -> Any:
    """Try what is no activity as often as the step says; what cannot end otherwise is not tried again."""
    delay = spot.retry.first_delay
    for attempt in range(1, spot.retry.attempts + 1):
        try:
            return await once()
        except FAILURES as error:
            failure = explained(error)
            if failure is None or not failure.may_pass or attempt == spot.retry.attempts:
                raise
        await workflow.sleep(delay)
        delay = min(timedelta(seconds=delay.total_seconds() * spot.retry.backoff), spot.retry.longest_delay)
    raise StepFailed(f"{spot.id!r} was not tried", step=spot.step)


def event_of(request: FlowRequest, *, id: str, type: str, subject: Any, data: Any) -> Emitted:
    """An event of this flow.

    Raises:
        BadRequest: the subject is too long, or the data cannot be kept.
    """
    try:
        told = subject if subject is None or isinstance(subject, str) else paths.as_text(subject)
        return Emitted(id=id, source=source_of(request), type=type, subject=told, data=data)
    except ValidationError as error:
        fault = error.errors()[0]
        raise BadRequest(f"the event {type!r} cannot be emitted: {fault['loc'][0]}: {fault['msg']}") from error


def source_of(request: FlowRequest) -> str:
    """Where the events of a flow come from."""
    return f"/flows/{request.flow.name}/{request.run_id}"


def new_id(label: str) -> str:
    """An id that is the same in each attempt and each replay, and another one after a reset."""
    return f"{label}-{workflow.uuid4().hex[:8]}"


def _expressions(assignment: Assignment) -> list[str]:
    value = assignment.put if assignment.put is not None else assignment.patch
    return paths.expressions_in(value) if value is not None else []
