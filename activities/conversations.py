"""The activities that keep texts for a run: pieces that a prompt lacks, and the state between two histories."""

from __future__ import annotations

from temporalio import activity

from activities.conversation_id import conversation_id
from activities.failures import as_failures
from activities.segments import list_blobs, resolve
from contracts.conversation import (
    MAX_COMMAND_BYTES,
    CheckpointOutcome,
    CheckpointPage,
    CheckpointRequest,
    Missing,
    SegmentBatch,
    pack,
)
from contracts.conversation_ports import CheckpointStore, SegmentStore

# A page is base 64, a byte a character, and leaves room for what Temporal adds.
PAGE_CHARS = MAX_COMMAND_BYTES * 3 // 4


class Conversations:
    """Keeps texts of runs.

    Args:
        store: pieces, a cache.
        checkpoints: states between two histories, a truth.
    """

    def __init__(self, *, store: SegmentStore, checkpoints: CheckpointStore) -> None:
        self._store = store
        self._checkpoints = checkpoints

    @activity.defn(name="put_segments")
    async def put_segments(self, batch: SegmentBatch) -> None:
        """Store pieces and their list. Storing them again changes nothing."""
        with as_failures():
            await self._store.write(conversation_id(), list_blobs(batch.pieces))

    @activity.defn(name="save_checkpoint")
    async def save_checkpoint(self, request: CheckpointRequest) -> CheckpointOutcome:
        """Keep a paused conversation's state under its id; keeping it again replaces it by the same."""
        with as_failures():
            found = await resolve(self._store, conversation_id(), request.text)
            if isinstance(found, Missing):
                return CheckpointOutcome(missing=found)
            packed = pack(found.pieces)
            await self._checkpoints.save(conversation_id(), request.checkpoint, packed)
            await self._store.write(conversation_id(), found.blobs)
            return CheckpointOutcome(pages=len(_pages(packed)))

    @activity.defn(name="load_checkpoint")
    async def load_checkpoint(self, request: CheckpointPage) -> str:
        """Return one page of a kept state, packed as it is kept."""
        with as_failures():
            packed = await self._checkpoints.load(conversation_id(), request.checkpoint)
            return _pages(packed)[request.page]


def _pages(packed: str) -> list[str]:
    return [packed[start : start + PAGE_CHARS] for start in range(0, len(packed), PAGE_CHARS)]
