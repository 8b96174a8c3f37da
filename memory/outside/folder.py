"""A folder of documents as an outside source: read and indexed in this process, never written."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from contracts.errors import BackendUnavailable
from contracts.memories import Caller, Memory, MemoryScope, MemorySource
from contracts.recall import Recalled
from contracts.recall_ports import Embedder
from contracts.state import Author
from contracts.texts import sendable
from memory.outside import folder_files, passages
from memory.outside.folder_files import FileState
from memory.outside.folder_index import FolderIndex, Vector

_log = logging.getLogger(__name__)
_FRESH_SECONDS = 2.0


class FolderSource:
    """See `OutsideSource`. Text files (.txt, .md, .rst) of a folder and its folders, cut into passages.

    Before a search, at most every two seconds, it looks which files have changed. Links are not followed, hidden files
    are passed over, and so is what is no UTF-8 text or larger than 1 MiB; of more than 5,000 files the first count.
    """

    def __init__(
        self, folder: Path, *, embedder: Embedder | None = None, fresh_seconds: float = _FRESH_SECONDS
    ) -> None:
        """Prepare it; nothing is read yet.

        Args:
            folder: the folder; it need not be there yet.
            embedder: finds passages by meaning, too; its owner closes it.
            fresh_seconds: how long files are believed to be as they were.
        """
        self._fresh_seconds = fresh_seconds
        self._folder = folder.expanduser().absolute()
        self._embedder = embedder
        self._index = FolderIndex()
        self._lock = asyncio.Lock()
        self._files: dict[str, FileState] = {}
        self._fresh_until = 0.0
        self._reading: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """See `OutsideSource.name`."""
        return f"folder {self._folder.name}"

    async def search(self, text: str, *, limit: int, caller: Caller) -> tuple[Recalled, ...]:
        """See `OutsideSource.search`. All callers see all documents: put there what everybody may read."""
        await self._refreshed()
        if not text.strip():
            return ()
        (vector,) = await self._vectors([text])
        async with self._lock:
            found = await asyncio.to_thread(self._index.search, text, limit=limit, vector=vector, now=datetime.now(UTC))
            return tuple(self._recalled(id, score, caller=caller) for id, score in found)

    async def close(self) -> None:
        """See `OutsideSource.close`."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    async def _refreshed(self) -> None:
        if self._reading is None or self._reading.done():
            if time.monotonic() < self._fresh_until:
                return
            self._reading = asyncio.create_task(self._read())
            # Nobody may wait for it any more when it fails; the next search tries again and tells.
            self._reading.add_done_callback(lambda task: task.cancelled() or task.exception())
        # The first reading may take longer than a search waits: it goes on for the next one.
        await asyncio.shield(self._reading)

    async def _read(self) -> None:
        try:
            states = await asyncio.to_thread(folder_files.states, self._folder)
        except OSError as error:
            raise BackendUnavailable(
                f"the folder {str(self._folder)!r} cannot be read ({error.strerror}): check PERDURE_MEMORY_SOURCES"
            ) from error
        await self._apply(states)
        self._fresh_until = time.monotonic() + self._fresh_seconds

    async def _apply(self, states: Mapping[str, FileState]) -> None:
        for name in [name for name in self._files if name not in states]:
            async with self._lock:
                self._index.remove(name)
            del self._files[name]
        for name, state in states.items():
            if self._files.get(name) != state:
                await self._take(name, modified=datetime.fromtimestamp(state.modified_ns / 1e9, UTC))
                self._files[name] = state

    async def _take(self, name: str, *, modified: datetime) -> None:
        document = await asyncio.to_thread(folder_files.text, self._folder, name)
        found = list(passages.cut(sendable(document or "")))
        vectors = await self._vectors([passage.found_by for passage in found])
        async with self._lock:
            await asyncio.to_thread(self._index.add, name, found, vectors=vectors, modified=modified)

    async def _vectors(self, texts: Sequence[str]) -> Sequence[Vector | None]:
        if self._embedder is None or not texts:
            return [None] * len(texts)
        try:
            return list(await self._embedder.embed(texts))
        except BackendUnavailable as error:
            _log.warning("%s is searched by words only: %s", self.name, error)
            return [None] * len(texts)

    def _recalled(self, id: str, score: float, *, caller: Caller) -> Recalled:
        kept = self._index[id]
        memory = Memory(
            id=id,
            tenant=caller.tenant,
            branch=caller.branch,
            scope=MemoryScope(),
            kind="semantic",
            text=kept.passage.found_by,
            source=MemorySource(document=sendable(f"{kept.file}:{kept.passage.line}")[:1000], position=kept.position),
            version=1,
            sequence=0,
            created_at=kept.modified,
            written_at=kept.modified,
            author=Author(actor=self.name),
        )
        return Recalled(memory=memory, score=score)
