"""One execution of a flow: its steps one after another, from `start` to `end`."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, NoReturn

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from contracts.errors import AnswerRefused, PerdureError
from contracts.events import Event, Woken
from contracts.flows import END, Answer, FlowRequest, FlowResult, FlowView, Migration
from contracts.payloads import guard, guard_carried
from workflows import attributes, onward, schemas
from workflows.compensation import undo
from workflows.failures import ENDINGS, Failure, explained
from workflows.flow_state import check_output
from workflows.flow_steps import FlowSteps
from workflows.onward import Onward
from workflows.sight import Sight
from workflows.spot import Spot
from workflows.waiting import forgotten


@workflow.defn(name="FlowRun")
class FlowRun:
    """Walks through the steps of a flow, and returns its output.

    The workflow id is the run id. Where it stands is answered by the query `view`; the update `answer` answers what a
    step asks; the signals `wake` and `event` come from the relay.
    """

    most_steps: ClassVar[int] = onward.MOST_STEPS

    @workflow.init
    def __init__(self, request: FlowRequest) -> None:
        self._request = request
        self._steps = FlowSteps(request, most_steps=self.most_steps)
        self._state = self._steps.state
        self._closed = False
        self._migration: Migration | None = None

    @workflow.run
    async def run(self, request: FlowRequest) -> FlowResult:
        """Run the flow. See `FlowRequest` and `FlowResult`."""
        try:
            output = await self._walk(request)
        except Onward as error:
            await self._go_on(error)
        except ENDINGS as error:
            await self._fail(error)
        attributes.ended("finished")
        await self._steps.life.end("finished")
        self._closed = True
        return FlowResult(
            run_id=request.run_id,
            flow=request.flow.name,
            version=request.flow.version,
            output=output,
            ended=self._state.ended,
            steps=self._state.done,
            usage=self._steps.budget.usage,
        )

    @workflow.signal
    def wake(self, woken: Woken) -> None:
        """What is waited for may have come."""
        self._steps.mailbox.wake(woken)

    @workflow.signal
    def event(self, event: Event) -> None:
        """An event that a trigger sent to this flow."""
        self._steps.mailbox.add(event)

    @workflow.update
    def answer(self, answer: Answer) -> None:
        """Answer what a step asks."""
        try:
            self._steps.questions.answer(answer)
        except AnswerRefused as error:
            raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from error

    @answer.validator
    def _check_answer(self, answer: Answer) -> None:
        self._steps.questions.check(answer)

    @workflow.update
    async def migrate(self, migration: Migration) -> None:
        """Go on with another definition, in a new history; only while a step waits, and with that step in it."""
        self._migration = migration
        self._steps.leave(migration.flow)

    @migrate.validator
    def _check_migration(self, migration: Migration) -> None:
        guard("the definition", migration, advice="make it smaller, or start anew")
        self._steps.check_migration(migration.flow)

    @workflow.query
    def view(self) -> FlowView:
        """The last steps, what is asked, and what the flow waits for."""
        return self._steps.view(closed=self._closed)

    async def _walk(self, request: FlowRequest) -> Any:
        if request.carried is None:
            schemas.check(f"the input of flow {request.flow.name!r}", request.input, request.flow.input)
            self._steps.life.begin()
        await self._steps.walk()
        return await self._output()

    async def _output(self) -> Any:
        sight = Sight(request=self._request, steps=self._state.steps)
        output = await sight.fill(self._request.flow.output, Spot(step=END, visit=1))
        check_output("the output of the flow", output)
        return output

    async def _go_on(self, leaving: Onward) -> NoReturn:
        await self._steps.life.begun()
        paused = leaving.paused
        definition: dict[str, Any] = {}
        if self._migration is not None:
            paused = await forgotten(paused)
            definition = {"flow": self._migration.flow, "flows": self._migration.flows}
        await workflow.wait_condition(workflow.all_handlers_finished)
        if paused is not None:
            paused = paused.model_copy(update={"answer": self._steps.questions.given(paused.step)})
        carried = self._state.carried(usage=self._steps.budget.usage, events=self._steps.mailbox.left(), paused=paused)
        request = self._request.model_copy(update={**definition, "carried": carried})
        guard_carried("what the flow hands on", request, advice="keep less in outputs, and more in the state")
        workflow.continue_as_new(request)

    async def _fail(self, error: BaseException) -> NoReturn:
        """Take back what was done, and close the workflow."""
        failure = explained(error)
        cancelled = workflow.cancellation_reason() is not None
        faults = await undo(self._request, self._state, self._steps.actions)
        phase = "cancelled" if cancelled else "failed"
        attributes.ended(phase)
        await self._steps.life.end(phase, faults=faults, error=None if failure is None else str(failure))
        self._closed = True
        if cancelled or failure is None:
            raise asyncio.CancelledError from error
        raise self._final(error, failure, faults) from error

    def _final(self, error: BaseException, failure: Failure, faults: list[str]) -> ApplicationError:
        kind, said = failure.kind, failure.message
        if isinstance(error, PerdureError):
            kind, said = type(error).__name__, str(error)
        usage = self._steps.budget.usage.model_dump()
        return ApplicationError("; ".join([said, *faults]), usage, type=kind, non_retryable=True)
