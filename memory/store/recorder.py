"""Records of reads, written in the background: nobody waits for them."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from contracts.errors import BackendUnavailable, CallerError
from contracts.memories import Caller, MemoryAction, MemoryRecord
from contracts.memory_ports import MemoryLedger

_log = logging.getLogger(__name__)
_PAUSE = timedelta(seconds=0.1)
_AGAIN = timedelta(seconds=2)
_GROUP = 500
_QUERY_CHARS = 2_000
# While the database is away so many wait; then the oldest are given up.
_MOST = 20_000


class MemoryRecorder:
    """Gathers records and writes them in groups.

    Args:
        ledger: where they go.
        pause: how long a record waits for others, at most.
    """

    def __init__(self, ledger: MemoryLedger, *, pause: timedelta = _PAUSE) -> None:
        self._ledger = ledger
        self._pause = pause.total_seconds()
        self._waiting: deque[MemoryRecord] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def note(self, caller: Caller, action: MemoryAction, *, ids: tuple[str, ...], query: str | None = None) -> None:
        """Have a read recorded, at most `pause` late."""
        # Made of values that were checked: a search is not to wait for that.
        record = MemoryRecord.model_construct(
            action=action,
            tenant=caller.tenant,
            branch=caller.branch,
            actor=caller.actor,
            run=caller.run,
            agent=caller.scope.agent,
            session=caller.scope.session,
            query=None if query is None else query[:_QUERY_CHARS].replace("\x00", " "),
            ids=ids,
            count=len(ids),
            at=datetime.now(UTC),
        )
        if len(self._waiting) >= _MOST:
            _log.error("a record of a %s of memories is lost: the database is away for too long", action)
            self._waiting.popleft()
        self._waiting.append(record)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def flush(self) -> None:
        """Write what waits now.

        Raises:
            BackendUnavailable: the database does not answer; what waits is kept.
        """
        for _ in range(math.ceil(len(self._waiting) / _GROUP)):
            group = [self._waiting.popleft() for _ in range(min(_GROUP, len(self._waiting)))]
            try:
                await self._ledger.record(group)
            except BackendUnavailable:
                self._waiting.extendleft(reversed(group))
                raise
            except CallerError as error:
                _log.error("%d records of reads of memories cannot be written: %s", len(group), error)

    async def close(self) -> None:
        """Write what waits, and end; what cannot be written is said."""
        self._closing.set()
        if self._writing is not None:
            await self._writing
        if self._waiting:
            _log.error("%d records of reads of memories are lost: the database is away", len(self._waiting))

    async def _write(self) -> None:
        while self._waiting:
            await self._rest(self._pause)
            try:
                await self.flush()
            except BackendUnavailable as error:
                if self._closing.is_set():
                    return
                _log.warning("%d records of reads of memories wait: %s", len(self._waiting), error)
                await self._rest(_AGAIN.total_seconds())

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)
