"""One execution of a team on a task."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey

from agents.checkpoint import load_checkpoint, save_checkpoint
from agents.conversation import Conversation, Ending
from agents.failures import as_failure
from agents.inbox import Inbox
from agents.transcript import Transcript
from contracts.calls import Preparation
from contracts.events import Event, Woken
from contracts.runs import RunRequest, RunResult, TranscriptPage, Usage
from workflows import remembering

PHASE = SearchAttributeKey.for_keyword("PerdurePhase")
WAITING_FOR = SearchAttributeKey.for_keyword("PerdureWaitingFor")
MAX_ANSWER_CHARS = 48 * 1024


@workflow.defn(name="AgentRun")
class AgentRun:
    """Prepares, lets the team converse, and returns what came of it.

    The workflow id is the run id. The conversation so far is answered by the query `transcript`.
    """

    @workflow.init
    def __init__(self, request: RunRequest) -> None:
        self._request = request
        self._conversation: Conversation | None = None
        self._closed = False
        # Signals may come before the team is built.
        self._inbox = Inbox(request.carried.late if request.carried else None)

    @workflow.run
    async def run(self, request: RunRequest) -> RunResult:
        """Run the team on the task. See `RunRequest` and `RunResult`."""
        try:
            conversation = await self._begin(request)
            ending = await conversation.converse()
            await remembering.remember(conversation)
            onward = await save_checkpoint(conversation) if ending.kind == "paused" else None
        except (Exception, SystemExit) as error:  # a factory that calls exit() ends its run, not the worker
            raise as_failure(error, built=self._conversation is not None, usage=self._usage()) from error
        if onward is not None:
            workflow.continue_as_new(onward)
        return self._end(conversation, ending)

    @workflow.signal
    def event(self, event: Event) -> None:
        """Take an event that is addressed to this run. A repeat changes nothing."""
        self._inbox.event(event)

    @workflow.signal
    def wake(self, woken: Woken) -> None:
        """Take an event that an agent of this run waits for. A repeat changes nothing."""
        self._inbox.wake(woken)

    @workflow.query
    def transcript(self, after: int) -> TranscriptPage:
        """Entries whose index is `after` or higher, with the usage so far."""
        if self._conversation is None:
            return TranscriptPage(entries=(), usage=self._usage())
        return TranscriptPage(
            entries=self._conversation.transcript.after(after),
            usage=self._usage(),
            closed=self._closed,
        )

    def _usage(self) -> Usage:
        if self._conversation is not None:
            return self._conversation.run.account.usage
        return self._request.carried.usage if self._request.carried else Usage()

    async def _begin(self, request: RunRequest) -> Conversation:
        preparation = await workflow.execute_local_activity(
            "prepare_run",
            remembering.warming(request),
            result_type=Preparation,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(maximum_attempts=3),
            summary="models of this worker",
        )
        conversation = self._conversation = Conversation(
            request, preparation, inbox=self._inbox, on_message=self._show, on_waiting=self._show_waiting
        )
        if request.carried is not None:
            await load_checkpoint(conversation, request.carried)
        else:
            await remembering.recall(conversation)
        return conversation

    def _show(self, transcript: Transcript) -> None:
        workflow.set_current_details(transcript.markdown())

    def _show_waiting(self, waiting: bool) -> None:
        # Only a server that knows the attribute lets a run be started with it.
        if workflow.info().typed_search_attributes.get(WAITING_FOR) is not None:
            workflow.upsert_search_attributes([WAITING_FOR.value_set("event" if waiting else "nothing")])

    def _end(self, conversation: Conversation, ending: Ending) -> RunResult:
        self._closed = True
        if workflow.info().typed_search_attributes.get(PHASE) is not None:
            workflow.upsert_search_attributes([PHASE.value_set(ending.kind)])
        return RunResult(
            run_id=self._request.run_id,
            team=self._request.team,
            answer=conversation.transcript.answer()[:MAX_ANSWER_CHARS],
            stop_reason="budget" if ending.kind == "budget" else "finished",
            detail=ending.detail,
            usage=conversation.run.account.usage,
            real_model=conversation.run.real_model,
            memory=conversation.run.memory.use(),
        )
