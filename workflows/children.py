"""Teams and flows that a flow runs as its children."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Iterator, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError, ChildWorkflowError

from contracts.errors import BadRequest, PerdureError, SchemaViolation, UnknownName
from contracts.flows import Flow, FlowAction, FlowRequest, FlowResult, TeamAction
from contracts.payloads import guard
from contracts.runs import Budget, RunRequest, RunResult, Scope, Usage
from workflows import schemas
from workflows.failures import ENDINGS
from workflows.flow_budget import FlowBudget, Share
from workflows.sight import Sight
from workflows.spot import Spot

# As the client sets it for runs that it starts.
_TASK_TIMEOUT = timedelta(seconds=8)
_LONGEST_ID = 190
_KEPT_OF_ID = 100
_Result = TypeVar("_Result", RunResult, FlowResult)
_PHASE = SearchAttributeKey.for_keyword("PerdurePhase")


class Children:
    """Runs teams and flows within the budget of their parent.

    Args:
        request: the parent's request.
        budget: what all of them share.
    """

    def __init__(self, request: FlowRequest, budget: FlowBudget) -> None:
        self._request = request
        self._budget = budget

    async def team(self, action: TeamAction, spot: Spot, sight: Sight) -> dict[str, Any]:
        """Run a team once, and return what expressions see of its result."""
        asked = {"task": action.task, "user": action.user, "session": action.session}
        filled = await sight.fill(asked, spot)
        share = await self._budget.share(action.budget, slots=spot.slots)
        result = await self._settled(share, self._run_team(action, filled, spot=spot, budget=share.budget))
        output = {
            "answer": result.answer,
            "stop_reason": result.stop_reason,
            "usage": result.usage.model_dump(),
            "run_id": result.run_id,
        }
        if action.answer_schema is None:
            return output
        return {**output, "value": _value(result.answer, action.answer_schema)}

    async def flow(self, action: FlowAction, spot: Spot, sight: Sight) -> Any:
        """Run a flow once, with the definition that came with the parent, and return its output."""
        if action.name not in self._request.flows:
            raise UnknownName("flow", action.name, self._request.flows)
        given = await sight.fill(action.input, spot)
        share = await self._budget.share(Budget(), slots=spot.slots)
        return (await self._settled(share, self._run_flow(action.name, given, spot=spot, budget=share.budget))).output

    async def _run_team(
        self, action: TeamAction, filled: Mapping[str, Any], *, spot: Spot, budget: Budget
    ) -> RunResult:
        own = self._request.scope
        what = f"the run of team {action.name!r}"
        named = {"user": _text(filled["user"]) or own.user, "session": _text(filled["session"]) or own.session}
        scope: Scope = _checked(Scope, named, what=what)
        values = {
            "run_id": self._id(spot),
            "team": action.name,
            "task": filled["task"] if isinstance(filled["task"], str) else _json(filled["task"]),
            "model": action.model,
            "scope": scope,
            "budget": budget.model_dump(),
            "files": self._request.files,
            "tenant": self._request.tenant,
            "branch": self._request.branch,
            "memory": self._request.memory if scope.is_somebody else None,
        }
        request = _checked(RunRequest, values, what=what)
        names = {
            "PerdureTeam": request.team,
            "PerdureUser": request.scope.user,
            "PerdureSession": request.scope.session,
        }
        memo = {"team": request.team, "user": request.scope.user, "session": request.scope.session}
        return await _started(
            "AgentRun", request, RunResult, names=names, memo=memo, summary=f"{spot.id} {action.name}"
        )

    async def _run_flow(self, name: str, given: Any, *, spot: Spot, budget: Budget) -> FlowResult:
        definition = self._request.flows[name]
        values = {"run_id": self._id(spot), "flow": definition, "input": given, "budget": budget, "carried": None}
        request = self._request.model_copy(update=values)
        request = request.model_copy(update={"flows": _needed(definition, self._request.flows)})
        scope: Scope = request.scope
        names = {"PerdureFlow": name, "PerdureUser": scope.user, "PerdureSession": scope.session}
        memo = {"flow": name, "user": scope.user, "session": scope.session}
        return await _started("FlowRun", request, FlowResult, names=names, memo=memo, summary=f"{spot.id} {name}")

    async def _settled(self, share: Share, running: Awaitable[_Result]) -> _Result:
        try:
            result = await running
        except ChildWorkflowError as error:
            self._budget.settle(share, _used(error))
            raise
        except PerdureError:
            self._budget.settle(share, Usage())  # it was not even started
            raise
        except ENDINGS:
            self._budget.settle(share, None)
            raise
        self._budget.settle(share, result.usage)
        return result

    def _id(self, spot: Spot) -> str:
        """An id that says whose child it is; new after a reset, so that the abandoned child is not taken for it."""
        parent = self._request.run_id
        tail = f".{spot.step}.{spot.visit}{spot.part.replace('~', '-')}-{workflow.uuid4().hex[:8]}"
        if len(parent) + len(tail) > _LONGEST_ID:
            parent = f"{parent[:_KEPT_OF_ID]}-{hashlib.blake2b(parent.encode(), digest_size=6).hexdigest()}"
        return parent + tail


async def _started(
    kind: str,
    request: RunRequest | FlowRequest,
    result: type[_Result],
    *,
    names: Mapping[str, str | None],
    memo: Mapping[str, Any],
    summary: str,
) -> _Result:
    guard(f"the request of {request.run_id!r}", request, advice="hand over less, and let it read the state")
    done: _Result = await workflow.execute_child_workflow(
        kind,
        request,
        id=request.run_id,
        result_type=result,
        task_timeout=_TASK_TIMEOUT,
        parent_close_policy=workflow.ParentClosePolicy.REQUEST_CANCEL,
        memo=memo,
        search_attributes=_search_attributes(names),
        static_summary=summary[:200],
    )
    return done


def _search_attributes(names: Mapping[str, str | None]) -> TypedSearchAttributes | None:
    """Those of a child, where this flow has them too: a server that does not know them would refuse the child."""
    if workflow.info().typed_search_attributes.get(_PHASE) is None:
        return None
    values = {**names, "PerdurePhase": "running"}
    pairs = [
        SearchAttributePair(SearchAttributeKey.for_keyword(name), value)
        for name, value in values.items()
        if value is not None
    ]
    return TypedSearchAttributes(pairs)


def _needed(flow: Flow, flows: Mapping[str, Flow]) -> dict[str, Flow]:
    """The flows that a flow can reach, so that a child is not handed all of its parent's."""
    found: dict[str, Flow] = {}
    ahead = [flow]
    while ahead:
        for name in _named(ahead.pop()):
            if name in flows and name not in found:
                found[name] = flows[name]
                ahead.append(flows[name])
    return found


def _named(flow: Flow) -> Iterator[str]:
    for step in flow.steps.values():
        parts = [step, step.compensate, step.map.do if step.map else None]
        parts += list(step.parallel.do.values()) if step.parallel else []
        yield from (part.flow.name for part in parts if part is not None and part.flow is not None)


def _value(answer: str, schema: dict[str, Any]) -> Any:
    text = answer.strip()
    if text.startswith("```") and text.endswith("```"):
        text = text.removesuffix("```").partition("\n")[2]
    try:
        value = json.loads(text)
    except ValueError as error:
        raise SchemaViolation(f"the team's answer is not JSON ({error}): {answer[:200]!r}") from error
    schemas.check("the team's answer", value, schema)
    return value


def _used(error: ChildWorkflowError) -> Usage | None:
    """What a failed child says that it has used."""
    if not isinstance(error.cause, ApplicationError) or not error.cause.details:
        return None
    try:
        return Usage.model_validate(error.cause.details[0])
    except ValidationError:
        return None


def _checked(kind: type[BaseModel], values: Mapping[str, Any], *, what: str) -> Any:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise BadRequest(f"{what}: {place}: {fault['msg'].removeprefix('Value error, ')}") from error


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
