"""How a paused conversation reaches its next history: its texts by recipe into a store, and back by pages.

Every agent of a team keeps its own copy of the conversation. In a checkpoint each message stands once, as the document
that prompts are made of too, so most of a checkpoint is copied from what the store has already.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from temporalio import workflow

from agents.conversation import Conversation
from agents.dispatch import HEARTBEAT_TIMEOUT, RETRIES, STORE_TIMEOUT, deliver
from agents.prompts import Pieces, PromptBook
from agents.run import Run
from contracts.conversation import CheckpointOutcome, CheckpointPage, CheckpointRequest, Recipe, unpack
from contracts.documents import put_together
from contracts.payloads import fits, guard
from contracts.runs import Carried, RunRequest

_DOCUMENTS = "$documents"


async def save_checkpoint(conversation: Conversation) -> RunRequest:
    """Store the state of a paused conversation and return the request that its next history starts with.

    Events that come meanwhile go with the request. Where they are too many for it, the state is stored again.
    """
    checkpoint = f"checkpoint:{conversation.transcript.next_index}"
    onward = await _saved(conversation, checkpoint)
    while not fits(onward):
        checkpoint += "+"
        onward = await _saved(conversation, checkpoint)
    return onward


async def _saved(conversation: Conversation, checkpoint: str) -> RunRequest:
    run = conversation.run
    text = _pieces(run.prompts, without_repeats(await conversation.state()))
    outcome = await deliver(run.prompts, text, caller=checkpoint, activity_id=checkpoint, call=_save)
    carried = Carried(
        checkpoint=checkpoint,
        pages=outcome.pages,
        counters=run.counters,
        usage=run.account.usage,
        entries=conversation.transcript.next_index,
        started=run.account.started,
        since=run.since,
        sequence=run.sequence,
        late=run.inbox.late(),
        executions=_executions(run),
    )
    return run.request.model_copy(update={"carried": carried})


def _executions(run: Run) -> tuple[str, ...]:
    if run.memory.policy is None:
        return ()
    carried = run.request.carried
    return (*(carried.executions if carried else ()), workflow.info().run_id)


async def load_checkpoint(conversation: Conversation, carried: Carried) -> None:
    """Read the state back and go on from it. Its pieces were stored when it was saved, so prompts copy them."""
    packed = "".join(await asyncio.gather(*(_load(carried.checkpoint, page) for page in range(carried.pages))))
    documents = list(put_together(unpack(packed)))
    book = conversation.run.prompts
    book.commit(carried.checkpoint, _pieces(book, documents))
    await conversation.restore(with_repeats(documents), size=len(packed))


def without_repeats(state: Any) -> list[Any]:
    """Take the messages out of a state: the state with their places, then each different one once."""
    places: dict[str, int] = {}
    documents: list[Any] = []

    def taken_out(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: taken_out(item) for key, item in value.items()}
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            return {_DOCUMENTS: [place(item) for item in value]}
        return value

    def place(message: Any) -> int:
        found = places.setdefault(json.dumps(message), len(documents))
        if found == len(documents):
            documents.append(message)
        return found

    return [taken_out(state), *documents]


def with_repeats(documents: Sequence[Any]) -> Any:
    """Put the messages back into the state that `without_repeats` took them from."""
    state, *messages = documents

    def put_back(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if value.keys() == {_DOCUMENTS}:
            return [messages[place] for place in value[_DOCUMENTS]]
        return {key: put_back(item) for key, item in value.items()}

    return put_back(state)


def _pieces(book: PromptBook, documents: Sequence[Any]) -> Pieces:
    pieces = Pieces()
    for document in documents:
        pieces.extend(book.document(document))
    return pieces


async def _save(recipe: Recipe, activity_id: str) -> CheckpointOutcome:
    request = CheckpointRequest(checkpoint=activity_id.partition("~")[0], text=recipe)
    guard("a checkpoint", request, advice="this is a fault of the engine")
    outcome: CheckpointOutcome = await workflow.execute_activity(
        "save_checkpoint",
        request,
        result_type=CheckpointOutcome,
        activity_id=activity_id,
        start_to_close_timeout=STORE_TIMEOUT,
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        retry_policy=RETRIES,
        summary="keep the conversation for its next history",
    )
    return outcome


async def _load(checkpoint: str, page: int) -> str:
    packed: str = await workflow.execute_activity(
        "load_checkpoint",
        CheckpointPage(checkpoint=checkpoint, page=page),
        result_type=str,
        activity_id=f"{checkpoint}:page{page}",
        start_to_close_timeout=STORE_TIMEOUT,
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        retry_policy=RETRIES,
        summary=f"the conversation so far, page {page + 1}",
    )
    return packed
