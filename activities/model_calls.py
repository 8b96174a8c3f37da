"""The activities that ask models."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from temporalio import activity

from activities import journal as journals
from activities.conversation_id import conversation_id
from activities.failures import as_failures
from activities.heartbeat import heartbeating
from activities.segments import Resolved, answer_blobs, resolve
from contracts.calls import ModelOutcome, ModelReply, ModelRequest, Preparation
from contracts.conversation import Missing
from contracts.conversation_ports import ChatModels, ResultJournal, SegmentStore
from contracts.documents import put_together
from contracts.errors import BackendUnavailable
from contracts.memory_calls import Warming


class ModelCalls:
    """Asks the worker's models.

    Args:
        models: the models there are.
        store: keeps the pieces of prompts and answers, so that later prompts can name them.
        journal: keeps answers, so that a repeated attempt does not ask, and pay, again.
        sequence: returns the state store's sequence, which each answer tells its run; None where there is no such
            store.
        warm: has what a run will ask of memory made ready, in the background; None where there is no memory.
    """

    def __init__(
        self,
        models: ChatModels,
        *,
        store: SegmentStore,
        journal: ResultJournal,
        sequence: Callable[[], Awaitable[int]] | None = None,
        warm: Callable[[Warming], None] | None = None,
    ) -> None:
        self._models = models
        self._store = store
        self._journal = journal
        self._sequence_now = sequence
        self._warm = warm

    @activity.defn(name="prepare_run")
    async def prepare_run(self, warming: Warming | None = None) -> Preparation:
        """Say which models there are, and where the state store stands; the run's history keeps the answer."""
        if warming is not None and self._warm is not None:
            self._warm(warming)
        with as_failures():
            return self._models.prepare().model_copy(update={"sequence": await self._sequence()})

    @activity.defn(name="call_model")
    async def call_model(self, request: ModelRequest) -> ModelOutcome:
        """Ask a model, or return what an earlier attempt of this call has recorded."""
        with as_failures():
            async with heartbeating():
                if (known := await journals.recorded(self._journal, request, ModelOutcome)) is not None:
                    return known
                prompt = await resolve(self._store, conversation_id(), request.prompt)
                if isinstance(prompt, Missing):
                    return ModelOutcome(missing=prompt)
                reply = await self._models.complete(request, list(put_together(prompt.text)))
                outcome = ModelOutcome(reply=reply.model_copy(update={"sequence": await self._sequence()}))
                await asyncio.gather(
                    self._keep(request, prompt, reply), journals.record(self._journal, request, outcome)
                )
                return outcome

    async def _sequence(self) -> int | None:
        if self._sequence_now is None:
            return None
        # The run goes on without it, and an answer that is paid for is not asked for again.
        try:
            return await self._sequence_now()
        except BackendUnavailable as error:
            activity.logger.warning("the sequence of the state store is not known: %s", error)
            return None

    async def _keep(self, request: ModelRequest, prompt: Resolved, reply: ModelReply) -> None:
        blobs = dict(prompt.blobs)
        for text in _texts(reply):
            blobs |= answer_blobs(text)
        # The answer is paid for: returning it is better than asking again because its pieces could not be kept.
        try:
            await self._store.write(conversation_id(), blobs)
            if request.prompt.expired is not None:
                await self._store.drop(conversation_id(), [bytes.fromhex(request.prompt.expired)])
        except BackendUnavailable as error:
            activity.logger.warning("the pieces of a prompt could not be stored: %s", error)


def _texts(reply: ModelReply) -> list[str]:
    said = [reply.content] if isinstance(reply.content, str) else [call.arguments for call in reply.content]
    return [*said, reply.thought or ""]
