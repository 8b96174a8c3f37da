"""The step `ask`: a person is asked, others after some time, until an answer fits or the deadline is over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from contracts.events import ASK_ESCALATED, ASK_OPENED
from contracts.flows import Answer, AskAction, Escalation, FlowRequest, Paused, Question
from expressions import paths
from workflows import attributes, calls
from workflows.actions import Actions, event_of, new_id
from workflows.failures import ENDINGS
from workflows.onward import Onward
from workflows.questions import Questions
from workflows.sight import Sight
from workflows.spot import Spot
from workflows.waiting import TIMED_OUT, Waiting, Went

# Whoever answers at once need not wait for long until others are told of the question.
_TELL_SECONDS = 5


@dataclass
class Asked:
    """One question under way. `told` escalations were made."""

    question: Question
    told: int = 0


class Asking:
    """Asks as a step says.

    Args:
        request: the flow's request.
        questions: what is asked.
        waiting: how it waits.
        actions: what emits its events.
    """

    def __init__(self, request: FlowRequest, questions: Questions, waiting: Waiting, actions: Actions) -> None:
        self._request = request
        self._questions = questions
        self._waiting = waiting
        self._actions = actions

    async def run(self, action: AskAction, spot: Spot, sight: Sight, *, paused: Paused | None) -> Went:
        """Ask, and return the answer.

        Raises:
            ApplicationError: the deadline is over and the step does not say where to go then.
            Onward: the history is long.
        """
        asked = await self._open(action, spot, sight, paused=paused)
        attributes.waits_for("person")
        telling = [] if paused is not None else [self._told(ASK_OPENED, asked, spot)]
        try:
            answered = await self._wait(action, spot, asked, telling)
        except Onward:
            if telling:
                await workflow.wait(telling)
            raise
        except ENDINGS:
            await self._end(spot, telling)
            raise
        answer = await self._end(spot, telling)
        if answered and answer is not None:
            return Went(output={"value": answer.value, "by": answer.by, "note": answer.note})
        if action.on_deadline is not None:
            return Went(to=action.on_deadline)
        raise ApplicationError(f"nobody answered {spot.step!r} within {action.deadline}", type=TIMED_OUT)

    def reopen(self, action: AskAction, paused: Paused) -> Asked:
        """Ask on in a new history. An answer may come with its very first task, before any step is done."""
        asked = self._asked(action, paused)
        if not self._questions.is_answered(paused.step):
            self._questions.ask(asked.question)
            if paused.answer is not None:
                self._questions.answer(paused.answer)
        return asked

    async def _open(self, action: AskAction, spot: Spot, sight: Sight, *, paused: Paused | None) -> Asked:
        if paused is not None:
            return self.reopen(action, paused)
        text = paths.as_text(await sight.fill(action.question, spot))
        begun = Paused(step=spot.step, visit=spot.visit, since=workflow.time(), question=text)
        asked = self._asked(action, begun)
        self._questions.ask(asked.question)
        return asked

    def _asked(self, action: AskAction, begun: Paused) -> Asked:
        also = [escalation.to for escalation in _in_order(action)[: begun.told]]
        question = Question(
            step=begun.step,
            visit=begun.visit,
            question=begun.question,
            of=tuple(dict.fromkeys([*([action.of] if action.of else []), *also])),
            json_schema=action.json_schema,
            asked_at=begun.since,
            deadline=None if action.deadline is None else begun.since + action.deadline.total_seconds(),
        )
        return Asked(question=question, told=begun.told)

    async def _wait(self, action: AskAction, spot: Spot, asked: Asked, telling: list[asyncio.Task[Any]]) -> bool:
        """Wait for the answer, and ask others in between. Returns whether there is one."""
        for number, escalation in enumerate(_in_order(action)[asked.told :], asked.told + 1):
            due = asked.question.asked_at + escalation.after.total_seconds()
            if asked.question.deadline is not None and due >= asked.question.deadline:
                break
            if await self._hold(spot, asked, until=due):
                return True
            of = tuple(dict.fromkeys([*asked.question.of, escalation.to]))
            asked.question = asked.question.model_copy(update={"of": of})
            asked.told = number
            self._questions.ask(asked.question)
            telling.append(self._told(ASK_ESCALATED, asked, spot, to=escalation.to))
        return await self._hold(spot, asked, until=asked.question.deadline)

    async def _hold(self, spot: Spot, asked: Asked, *, until: float | None) -> bool:
        paused = Paused(
            step=spot.step,
            visit=spot.visit,
            since=asked.question.asked_at,
            told=asked.told,
            question=asked.question.question,
        )
        return await self._waiting.hold(lambda: self._questions.is_answered(spot.step), until=until, paused=paused)

    def _told(self, kind: str, asked: Asked, spot: Spot, **more: Any) -> asyncio.Task[Any]:
        """Emit an event beside the waiting: an answer need not wait for it."""
        question = asked.question
        data = {
            "run": self._request.run_id,
            "flow": self._request.flow.name,
            **question.model_dump(mode="json"),
            **more,
        }
        name = f"{spot.id}~asked{asked.told}"
        event = event_of(self._request, id=new_id(name), type=kind, subject=self._request.run_id, data=data)
        return asyncio.create_task(calls.emit(self._actions.emission(event, spot), id=name, patient=True))

    async def _end(self, spot: Spot, telling: list[asyncio.Task[Any]]) -> Answer | None:
        if telling:
            await workflow.wait(telling, timeout=_TELL_SECONDS)
        for task in telling:
            task.cancel()
        attributes.waits_for(None)
        return self._questions.close(spot.step)


def _in_order(action: AskAction) -> list[Escalation]:
    return sorted(action.escalations, key=lambda escalation: escalation.after)
