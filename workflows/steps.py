"""The steps of flows for workflows that are written by hand: read, decide, write, wait, ask, emit.

Example:
    ```python
    @workflow.defn
    class Refund:
        @workflow.init
        def __init__(self, order: str) -> None:
            self.steps = Steps()

        @workflow.run
        async def run(self, order: str) -> str:
            place = {"order": ("orders", order)}
            decision = await self.steps.decide({"pay": "order.total < 50.0"}, otherwise="ask", documents=place)
            if decision.taken == "ask":
                await self.steps.ask("Refund it?", of="ada", json_schema={"type": "boolean"})
            await self.steps.write("orders", order, patch={"refunded": True}, why="the policy says so")
            return str(decision.taken)
    ```

`Steps` belongs into `__init__` under `@workflow.init`: it takes the signals `wake` and `event`, the update `answer` and
the query `questions`, which may come with the workflow's first task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from contracts.decisions import Decision
from contracts.errors import AnswerRefused
from contracts.events import Event, Wait, Woken
from contracts.flows import Answer, BranchCase, Question
from contracts.state import ANY, DEFAULT_TENANT, MAIN, Author, Emitted, Expect, Write
from contracts.steps import DecideRequest, EmitEventsRequest, NamedPlace, ReadDocument, ReadRequest, WriteStateRequest
from workflows import calls
from workflows.failures import ENDINGS
from workflows.mailbox import Mailbox
from workflows.questions import Questions

Documents = Mapping[str, tuple[str, str]]


class Steps:
    """What flows do, for one workflow.

    Args:
        tenant: whose state.
        branch: branch of the state store.
    """

    def __init__(self, *, tenant: str = DEFAULT_TENANT, branch: str = MAIN) -> None:
        self._tenant = tenant
        self._branch = branch
        self._mailbox = Mailbox()
        self._questions = Questions()
        self._count = 0
        workflow.set_signal_handler("wake", self._wake)
        workflow.set_signal_handler("event", self._event)
        workflow.set_update_handler("answer", self._answer, validator=self._questions.check)
        workflow.set_query_handler("questions", self._open)

    async def read(self, documents: Documents) -> dict[str, ReadDocument]:
        """Return documents as they are at one moment, by the names that they are given here.

        Args:
            documents: (namespace, key) of each, by name.

        Raises:
            ActivityError: the store is away, or there is no such branch.
        """
        return await calls.read(ReadRequest(**self._asked("read", documents)), id=self._id("read"))

    async def decide(
        self,
        cases: Mapping[str, str],
        *,
        otherwise: str,
        documents: Documents,
        bound: Mapping[str, Any] | None = None,
        step: str = "decide",
    ) -> Decision:
        """Return which case is the first whose condition holds, with all evidence.

        Args:
            cases: conditions in CEL, by the name of the case that they lead to.
            otherwise: the case where none of them holds.
            documents: (namespace, key) of each, by the name that conditions call it.
            bound: other values that conditions see, by name.
            step: what the decision is called.

        Raises:
            ApplicationError: a condition cannot be evaluated; its type is ExpressionFailed.
            ActivityError: the store is away, or a condition does not compile.
        """
        made = tuple(BranchCase(when=when, to=name) for name, when in cases.items())
        asked = self._asked(step, documents, bound)
        decision = await calls.decide(DecideRequest(**asked, cases=made, otherwise=otherwise), id=self._id(step))
        if decision.error is not None:
            raise ApplicationError(decision.error, type="ExpressionFailed", non_retryable=True)
        return decision

    async def write(
        self,
        namespace: str,
        key: str,
        *,
        put: Any = None,
        patch: Any = None,
        expect: Expect = ANY,
        why: str | None = None,
    ) -> int:
        """Write a document, and return its new version. A retry writes nothing twice.

        Args:
            namespace: of which document.
            key: of which document.
            put: the new value; or
            patch: what to merge into it (JSON Merge Patch). With neither the document is deleted.
            expect: the version that must be current, "absent" or "any".
            why: reason, for people.

        Raises:
            ActivityError: its cause is of type VersionConflict, SchemaViolation or IllegalTransition.
        """
        kind = "put" if put is not None else "patch" if patch is not None else "delete"
        value = put if put is not None else patch
        write = Write.model_validate(
            {"kind": kind, "namespace": namespace, "key": key, "value": value, "expect": expect}
        )
        id_ = self._id("write")
        request = WriteStateRequest(
            step="write", writes=(write,), author=self._author(id_, why), tenant=self._tenant, branch=self._branch
        )
        return (await calls.write_state(request, id=id_)).versions[f"{namespace}/{key}"]

    async def wait_until(
        self,
        condition: str,
        *,
        documents: Documents,
        bound: Mapping[str, Any] | None = None,
        within: timedelta | None = None,
    ) -> Decision:
        """Wait until a condition on documents holds. Nothing is polled, and no change is missed.

        Args:
            condition: in CEL.
            documents: (namespace, key) of each, by the name that the condition calls it.
            bound: other values that it sees, by name.
            within: how long to wait; None is without end.

        Raises:
            TimeoutError: it did not hold for that time.
            ApplicationError: the condition cannot be evaluated.
        """
        label = self._id("wait")
        info = workflow.info()
        wait = Wait(
            id=f"{info.workflow_id}/{info.first_execution_run_id}/{label}",
            workflow_id=info.workflow_id,
            tenant=self._tenant,
            branch=self._branch,
            documents=tuple(documents.values()),
        )
        self._mailbox.open(wait.id)
        await calls.register_wait(wait, id=f"{label}~wait")
        end = None if within is None else workflow.time() + within.total_seconds()
        try:
            decision = await self._until(condition, wait.id, documents=documents, bound=bound, end=end)
        except ENDINGS:
            await self._forget(wait.id, label)
            raise
        await self._forget(wait.id, label)
        return decision

    async def ask(
        self,
        question: str,
        *,
        json_schema: dict[str, Any],
        of: str | None = None,
        within: timedelta | None = None,
        step: str = "ask",
    ) -> Answer:
        """Ask a person, who answers by the update `answer`; what does not fit the schema is refused with why.

        Args:
            question: for people.
            json_schema: what the answer must fit.
            of: who is asked.
            within: how long to wait; None is without end.
            step: what the question is called; open questions have different names.

        Raises:
            TimeoutError: nobody answered for that time.
        """
        now = workflow.time()
        asked = Question(
            step=step,
            visit=1,
            question=question,
            of=(of,) if of else (),
            json_schema=json_schema,
            asked_at=now,
            deadline=None if within is None else now + within.total_seconds(),
        )
        self._questions.ask(asked)
        try:
            await workflow.wait_condition(lambda: self._questions.is_answered(step), timeout=within)
        except (TimeoutError, asyncio.CancelledError):
            self._questions.close(step)
            raise
        answer = self._questions.close(step)
        assert answer is not None
        return answer

    async def emit(self, type: str, *, subject: str | None = None, data: Any = None) -> str:
        """Emit an event, and return its id. A retry emits nothing new.

        Args:
            type: what happened, such as "order.refunded".
            subject: what it happened to; events of one subject are delivered in order.
            data: any JSON value.
        """
        id_ = self._id("emit")
        info = workflow.info()
        source = f"/workflows/{info.workflow_type}/{info.workflow_id}"
        event = Emitted(id=f"{id_}-{workflow.uuid4().hex[:8]}", source=source, type=type, subject=subject, data=data)
        request = EmitEventsRequest(
            events=(event,), author=self._author(id_, None), tenant=self._tenant, branch=self._branch
        )
        await calls.emit(request, id=id_)
        return event.id

    async def _until(
        self,
        condition: str,
        wait: str,
        *,
        documents: Documents,
        bound: Mapping[str, Any] | None,
        end: float | None,
    ) -> Decision:
        while True:
            decision = await self.decide(
                {"true": condition}, otherwise="false", documents=documents, bound=bound, step="wait_until"
            )
            if decision.taken == "true":
                return decision
            seen = decision.sequence
            left = None if end is None else max(end - workflow.time(), 0.0)
            await workflow.wait_condition(partial(self._is_woken, wait, beyond=seen), timeout=left)

    def _is_woken(self, wait: str, *, beyond: int) -> bool:
        return self._mailbox.woken_at(wait) > beyond

    async def _forget(self, wait: str, label: str) -> None:
        self._mailbox.close(wait)
        await calls.unregister_wait(wait, id=f"{label}~unwait")

    def _asked(self, step: str, documents: Documents, bound: Mapping[str, Any] | None = None) -> dict[str, Any]:
        places = [NamedPlace(name=name, namespace=place[0], key=place[1]) for name, place in documents.items()]
        return {
            "step": step,
            "documents": tuple(places),
            "bound": dict(bound or {}),
            "tenant": self._tenant,
            "branch": self._branch,
        }

    def _author(self, id_: str, why: str | None) -> Author:
        info = workflow.info()
        return Author(actor=f"workflow {info.workflow_type}", run=info.workflow_id, step=id_, why=why)

    def _id(self, label: str) -> str:
        self._count += 1
        return f"{label}:{self._count}"

    def _wake(self, woken: Woken) -> None:
        self._mailbox.wake(woken)

    def _event(self, event: Event) -> None:
        self._mailbox.add(event)

    def _answer(self, answer: Answer) -> None:
        try:
            self._questions.answer(answer)
        except AnswerRefused as error:
            raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from error

    def _open(self) -> tuple[Question, ...]:
        return self._questions.open
