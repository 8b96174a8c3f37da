"""How a paused conversation reaches its next history: its texts by recipe into a store, and back by pages."""

from __future__ import annotations

from temporalio import workflow

from agents.conversation import Conversation
from agents.dispatch import HEARTBEAT_TIMEOUT, RETRIES, STORE_TIMEOUT, deliver, guard
from agents.prompts import Pieces
from contracts.conversation import CheckpointOutcome, CheckpointPage, CheckpointRequest, Recipe
from contracts.documents import put_together
from contracts.runs import Carried, RunRequest


async def save_checkpoint(conversation: Conversation) -> RunRequest:
    """Store the state of a paused conversation and return the request that its next history starts with."""
    run = conversation.run
    checkpoint = f"checkpoint:{conversation.transcript.next_index}"
    text = Pieces()
    text.extend(run.prompts.document(await conversation.state()))
    outcome = await deliver(run.prompts, text, caller=checkpoint, activity_id=checkpoint, call=_save)
    carried = Carried(
        checkpoint=checkpoint,
        pages=outcome.pages,
        counters=run.counters,
        usage=run.account.usage,
        entries=conversation.transcript.next_index,
        started=run.account.started,
    )
    return run.request.model_copy(update={"carried": carried})


async def load_checkpoint(conversation: Conversation, carried: Carried) -> None:
    """Read the state back and go on from it. Its pieces were stored when it was saved, so prompts copy them."""
    pages = [await _load(carried.checkpoint, page) for page in range(carried.pages)]
    state = next(iter(put_together("".join(pages))))
    book = conversation.run.prompts
    book.commit(carried.checkpoint, book.document(state))
    await conversation.restore(state)


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
    text: str = await workflow.execute_activity(
        "load_checkpoint",
        CheckpointPage(checkpoint=checkpoint, page=page),
        result_type=str,
        activity_id=f"{checkpoint}:page{page}",
        start_to_close_timeout=STORE_TIMEOUT,
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        retry_policy=RETRIES,
        summary=f"the conversation so far, page {page + 1}",
    )
    return text
