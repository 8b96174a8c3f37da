"""The interpreter: which step comes, how each kind of step is done, and what becomes of its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from contracts.errors import BadRequest, Conflict, StepFailed
from contracts.flows import END, Action, BranchAction, Flow, FlowRequest, FlowView, Paused, Step
from contracts.runs import Usage
from contracts.steps import DecideRequest
from expressions import paths
from workflows import calls
from workflows.actions import Actions
from workflows.asking import Asking
from workflows.children import Children
from workflows.failures import FAILURES, Failure, explained
from workflows.fan_out import FanOut
from workflows.flow_budget import FlowBudget
from workflows.flow_log import FlowLog
from workflows.flow_state import FlowState
from workflows.life import Life
from workflows.mailbox import Mailbox
from workflows.onward import Onward, Pace
from workflows.questions import Questions
from workflows.sight import Sight
from workflows.spot import Spot
from workflows.waiting import TIMED_OUT, Waiting, Went

_CHILDREN = frozenset({"team", "flow", "map", "parallel"})


class FlowSteps:
    """Walks from step to step.

    Args:
        request: the flow's request.
        most_steps: steps in one history.

    Attributes:
        state: where the flow stands.
        budget: what its teams have used.
        mailbox: where signals arrive.
        questions: what is asked.
        actions: does one thing.
        life: tells that the flow began and ended.
    """

    def __init__(self, request: FlowRequest, *, most_steps: int) -> None:
        carried = request.carried
        self._request = request
        self._pace = Pace(most_steps)
        self.state = FlowState(request)
        usage = carried.usage if carried is not None else Usage()
        self.budget = FlowBudget(request.budget, usage=usage, started=self.state.started)
        self.mailbox = Mailbox(carried.events if carried is not None else ())
        self.questions = Questions()
        self.actions = Actions(request, Children(request, self.budget))
        self._log = FlowLog(request, done=self.state.done - (self.state.paused is not None))
        self.life = Life(request, self.state, self.actions)
        self._waiting = Waiting(
            request, self.state, mailbox=self.mailbox, pace=self._pace, life=self.life, decided=self._log.decided
        )
        self._asking = Asking(request, self.questions, self._waiting, self.actions)
        self._fan_out = FanOut(self.actions, self._pace)
        self._skipped = 0
        self._reopen()

    def view(self, *, closed: bool) -> FlowView:
        """Where the flow stands."""
        return self._log.view(
            questions=self.questions.open,
            waiting_for=self._waiting.waiting_for,
            usage=self.budget.usage,
            closed=closed,
        )

    def check_migration(self, flow: Flow) -> None:
        """Refuse a definition that the flow cannot go on with now.

        Raises:
            Conflict: no step waits.
            BadRequest: the step that waits is not there, or is of another kind.
        """
        name = self.state.position
        if self._pace.is_left or not (self._waiting.waiting_for or self.questions.open):
            raise Conflict(f"the flow is in step {name!r}, which does not wait: migrate it in a `wait` or an `ask`")
        kind = self._request.flow.steps[name].kind
        if name not in flow.steps or flow.steps[name].kind != kind:
            raise BadRequest(f"the flow waits in step {name!r}, and the new definition has no {kind} of that name")

    def leave(self, flow: Flow) -> None:
        """Go on with another definition, in a new history, as soon as the step that waits can be left."""
        self._pace.is_left = True
        for question in self.questions.open:
            ask = flow.steps[question.step].ask
            if ask is not None:
                self.questions.ask(question.model_copy(update={"json_schema": ask.json_schema}))

    async def walk(self) -> None:
        """Do one step after another, up to the end.

        Raises:
            StepFailed: a step failed for good.
            asyncio.CancelledError: the flow was cancelled.
            Onward: the history is long.
        """
        while self.state.position != END:
            if workflow.cancellation_reason() is not None:
                raise asyncio.CancelledError  # heard while an activity was about to end well
            if self._pace.is_long(ahead=1):
                raise Onward(self.state.paused)
            await self._pace.step()
            name = self.state.position
            self.state.position = await self._visit(name, self._request.flow.steps[name])

    def _reopen(self) -> None:
        paused = self.state.paused
        step = self._request.flow.steps.get(paused.step) if paused is not None else None
        if paused is not None and step is not None and step.ask is not None:
            self._asking.reopen(step.ask, paused)

    async def _visit(self, name: str, step: Step) -> str:
        paused = self.state.paused
        if paused is None and self._is_beyond(name, step):
            return self._skip(name, step)
        self._skipped = 0
        visit = self.state.begin(name)
        self._log.begin(name, visit=visit, kind=step.kind)
        try:
            went = await self._done(name, visit, step, paused)
        except FAILURES as error:
            failure = explained(error)
            if failure is None:
                raise
            return self._failed(name, step, failure, error)
        finally:
            self.state.paused = None
        return self._finished(name, step, went)

    async def _done(self, name: str, visit: int, step: Step, paused: Paused | None) -> Went:
        """Do a step, and keep its output and what takes it back."""
        sight = Sight(request=self._request, steps=self.state.steps)
        spot = Spot(step=name, visit=visit, retry=step.retry, timeout=step.timeout)
        went = await self._in_time(step, lambda: self._do(step, spot, sight, paused))
        self.state.finish(name, went.output)
        if step.compensate is not None and went.to is None:
            self.state.remember(name, visit, _expressions(step.compensate))
        return went

    async def _in_time(self, step: Step, do: Callable[[], Awaitable[Went]]) -> Went:
        if step.timeout is None or step.kind not in _CHILDREN:
            return await do()
        doing = asyncio.ensure_future(do())
        try:
            await workflow.wait([doing], timeout=step.timeout.total_seconds())
        except asyncio.CancelledError:
            await _stopped(doing)
            raise
        if doing.done():
            return doing.result()
        await _stopped(doing)
        raise ApplicationError(f"it took longer than {step.timeout}", type=TIMED_OUT)

    async def _do(self, step: Step, spot: Spot, sight: Sight, paused: Paused | None) -> Went:
        if step.branch is not None:
            return await self._branch(step.branch, spot, sight, on_error=step.on_error)
        if step.wait is not None:
            return await self._waiting.run(step.wait, spot, sight, paused=paused)
        if step.ask is not None:
            return await self._asking.run(step.ask, spot, sight, paused=paused)
        if step.map is not None:
            return Went(output=await self._fan_out.map(step.map, spot, sight, paused=paused))
        if step.parallel is not None:
            return Went(output=await self._fan_out.parallel(step.parallel, spot, sight))
        return Went(output=await self.actions.run(step, spot, sight))

    async def _branch(self, action: BranchAction, spot: Spot, sight: Sight, *, on_error: str | None) -> Went:
        documents, bound = sight.read([case.when for case in action.cases])
        request = DecideRequest(
            step=spot.step,
            visit=spot.visit,
            documents=documents,
            bound=bound,
            tenant=self._request.tenant,
            branch=self._request.branch,
            cases=action.cases,
            otherwise=action.otherwise,
            on_error=on_error,
        )
        decision = await calls.decide(request, id=spot.id)
        self._log.decided(decision)
        if (wrong := next((case.error for case in decision.cases if case.outcome == "error"), None)) is not None:
            raise ApplicationError(wrong, type="ExpressionFailed")
        return Went(output={"taken": decision.taken}, to=decision.taken)

    def _is_beyond(self, name: str, step: Step) -> bool:
        return step.most_visits is not None and self.state.visits.get(name, 0) >= step.most_visits

    def _skip(self, name: str, step: Step) -> str:
        self._skipped += 1
        if step.beyond is None or self._skipped > len(self._request.flow.steps):
            raise StepFailed(
                f"step {name!r} was visited {step.most_visits} times, which is its most_visits: raise it, or say with"
                " `beyond` where to go then",
                step=name,
            )
        self._log.begin(name, visit=self.state.visits[name], kind=step.kind)
        self._log.end(to=step.beyond, skipped=True)
        return step.beyond

    def _failed(self, name: str, step: Step, failure: Failure, error: Exception) -> str:
        self.state.fail(name, failure)
        self.state.ended = name
        self._log.end(to=step.on_error, failure=failure)
        if step.on_error is None:
            raise StepFailed(f"step {name!r} failed: {failure}", step=name) from error
        return step.on_error

    def _finished(self, name: str, step: Step, went: Went) -> str:
        to = went.to or step.next or END
        self.state.ended = name
        self._log.end(to=to)
        return to


async def _stopped(doing: asyncio.Future[Went]) -> None:
    doing.cancel()
    await asyncio.gather(doing, return_exceptions=True)


def _expressions(action: Action) -> list[str]:
    return paths.expressions_in(action.model_dump(mode="json"))
