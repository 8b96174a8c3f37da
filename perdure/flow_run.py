"""A flow that runs, as its caller holds it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from contracts.base import Contract
from contracts.decisions import Decision
from contracts.errors import AnswerRefused, BackendUnavailable, Conflict
from contracts.flows import Answer, Flow, FlowRequest, FlowResult, FlowView, Migration, Question
from perdure import checked, ending, failures, flow_history, flow_requests, inspection, queries
from perdure.connection import answering
from perdure.descriptions import Failure, FlowDescription

_SILENT_SECONDS = 10
_PAUSE_SECONDS = 0.3


class FlowRunHandle:
    """A flow that was started or found. It holds a connection, not the flow: dropping it changes nothing.

    Attributes:
        id: the run's id, which is also its workflow id in Temporal.
    """

    def __init__(self, client: Client, run_id: str, *, first: str) -> None:
        self._client = client
        self._first = first
        self.id = run_id

    def __repr__(self) -> str:
        return f"FlowRunHandle({self.id!r})"

    async def view(self) -> FlowView:
        """Return where the flow stands: its last steps, open questions, what it waits for.

        Raises:
            BackendUnavailable: Temporal does not answer, or no worker can tell of the flow within 10 s.
        """
        end = time.monotonic() + _SILENT_SECONDS
        while time.monotonic() < end:
            if found := await queries.ask(self._client, self.id, "view", kind=FlowView):
                return found
            await asyncio.sleep(_PAUSE_SECONDS)
        raise BackendUnavailable(f"no worker can tell where flow {self.id!r} stands: start one with `perdure up`")

    async def result(self, timeout: float | None = None, *, wait_when_stuck: bool = False) -> FlowResult:  # noqa: ASYNC109
        """Wait for the end of the flow and return its result.

        Args:
            timeout: how long to wait, in seconds; None means without end. The flow goes on after that.
            wait_when_stuck: go on waiting, however often the flow's workflow task fails.

        Raises:
            RunFailed: the flow ended without a result; `kind` says why, such as "StepFailed".
            RunCancelled: it was cancelled.
            RunStuck: its workflow task fails again and again, told within 10 s.
            TimeoutError: the time is over.
            BackendUnavailable: Temporal does not answer.
        """
        return await ending.result(
            self._client,
            self.id,
            first=self._first,
            kind=FlowResult,
            timeout=timeout,
            wait_when_stuck=wait_when_stuck,
        )

    async def request(self) -> FlowRequest:
        """Return what the flow was started with: its definition, pinned, and its input.

        Raises:
            NotFound: Temporal has forgotten its history.
            BackendUnavailable: Temporal does not answer.
        """
        return await flow_history.request(self._client, self.id, first=self._first)

    async def decisions(self) -> tuple[Decision, ...]:
        """Return every decision so far, in order, with its evidence; from the history, without a worker.

        Raises:
            NotFound: Temporal has forgotten its history.
            BackendUnavailable: Temporal does not answer.
        """
        found = flow_history.decisions(self._client, self.id, first=self._first)
        return tuple([decision async for decision in found])

    async def answer(self, step: str | None, value: Any, *, by: str = "", note: str | None = None) -> None:
        """Answer an open question of the flow.

        Args:
            step: the step that asks; None where only one does.
            value: the answer; it must fit the question's schema.
            by: who answers.
            note: a remark that is kept with the answer.

        Raises:
            AnswerRefused: it does not fit, nothing is asked, or several steps ask and none was named.
            NotFound: there is no such run.
            BackendUnavailable: Temporal does not answer, or no worker takes the answer within 10 s.
        """
        named = step if step is not None else (await self.question()).step
        answer = checked.made(Answer, {"step": named, "value": value, "by": by, "note": note})
        try:
            await self._update("answer", answer)
        except WorkflowUpdateFailedError as error:
            raise AnswerRefused(_said(error)) from error
        except _Ended as error:
            raise AnswerRefused(f"flow {self.id!r} has ended: nothing is asked any more") from error

    async def migrate(self, flow: str | Flow, *, app: Sequence[str] = ()) -> None:
        """Let a flow that waits go on with another definition, in the step that waits now. The definition is checked.

        Args:
            flow: name of a registered flow, or a definition.
            app: modules that register flows, teams and tools.

        Raises:
            InvalidFlow: the definition has faults.
            Conflict: the flow does not wait, has ended, or waits in a step that the definition lacks.
            UnknownName, NotFound: there is no such flow, or no such run.
            BackendUnavailable: Temporal does not answer, or no worker takes the definition within 10 s.
        """
        definition, others = flow_requests.pinned(flow, app=app)
        try:
            await self._update("migrate", Migration(flow=definition, flows=others))
        except WorkflowUpdateFailedError as error:
            raise Conflict(_said(error)) from error
        except _Ended as error:
            raise Conflict(f"flow {self.id!r} has ended: start the new definition instead") from error

    async def question(self, step: str | None = None) -> Question:
        """Return the open question of a step, or the only one.

        Raises:
            AnswerRefused: there is none, or there are several and no step was named.
        """
        asked = (await self.view()).questions
        found = [question for question in asked if step in (None, question.step)]
        if len(found) == 1:
            return found[0]
        steps = ", ".join(repr(question.step) for question in asked) or "none"
        what = "asks nothing" if not found else "asks several things"
        raise AnswerRefused(f"flow {self.id!r} {what}{f' in step {step!r}' if step else ''}; steps that ask: {steps}")

    async def cancel(self) -> None:
        """Ask the flow to stop; its compensations are run. Cancelling one that has ended changes nothing.

        Raises:
            NotFound: there is no such run.
            BackendUnavailable: Temporal does not answer.
        """
        await ending.cancel(self._client, self.id)

    async def describe(self) -> FlowDescription:
        """Return what Temporal knows of the flow: where it stands, its result or failure, what it waits for.

        Raises:
            NotFound: there is no such run.
            BackendUnavailable: Temporal does not answer.
        """
        seen = await inspection.look(self._client, self.id)
        request = await self.request()
        known = FlowDescription(
            **dict(seen.summary), version=request.flow.version, input=request.input, pending=seen.pending
        )
        if seen.summary.status == "running":
            return known.model_copy(update={"stuck": await inspection.why_stuck(self._client, seen)})
        return known.model_copy(update=await self._end())

    async def _update(self, name: str, argument: Contract) -> None:
        limit = asyncio.timeout(_SILENT_SECONDS)
        try:
            async with answering(self._client), limit:
                await self._client.get_workflow_handle(self.id).execute_update(name, argument)
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            # The SDK makes an error of its own of what the limit cancels.
            if not limit.expired():
                raise
            raise BackendUnavailable(
                f"no worker takes what flow {self.id!r} is told: start one with `perdure up`"
            ) from error
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            await inspection.look(self._client, self.id)
            raise _Ended from error

    async def _end(self) -> dict[str, FlowResult | Failure]:
        try:
            return {"result": await ending.ended(self._client, self.id, first=self._first, kind=FlowResult)}
        except WorkflowFailureError as error:
            return {"failure": failures.of(error)}


class _Ended(Exception):
    """The flow has ended, and is told nothing any more."""


def _said(error: WorkflowUpdateFailedError) -> str:
    cause = error.cause
    return cause.message if isinstance(cause, ApplicationError) else str(cause)
