"""Files that become memories: what a file is, is seen from its content."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path
from typing import get_args

from contracts.errors import BadRequest
from contracts.memories import Caller, MemoryDraft, MemoryStatus
from contracts.memory_archive import MemoryArchive
from contracts.memory_ports import MemoryStore
from contracts.recall import MemoryFilter, MemoryListing
from contracts.texts import sendable
from perdure.transfer import archives, chat_logs, drafts, json_files
from perdure.transfer.messages import Conversation, Fault, Statements

ARCHIVE = "archive of memories"
MAX_FILE_BYTES = 64 * 1024 * 1024
_BATCH = 500


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a file is read. What does not fit its form is passed over.

    Attributes:
        thread: name of the conversation; by default the file's.
        day: the first day of a log that tells only the time of day.
        zone: of times that have none; None is this machine's.
        dry_run: nothing is written.
    """

    thread: str | None = None
    day: date | None = None
    zone: tzinfo | None = None
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What came of a file.

    Attributes:
        form: what it was taken for.
        added: memories that were written; of an archive, versions of memories.
        unchanged: those that were there already.
        faults: what could not be read.
    """

    form: str
    added: int
    unchanged: int
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Importer:
    """Brings files in, for one caller."""

    store: MemoryStore
    archive: MemoryArchive
    caller: Caller

    async def read(self, path: Path, reading: Reading) -> Imported:
        """Bring a file in. Doing so again changes nothing.

        Raises:
            BadRequest: the file cannot be read, or is nothing that is known; nothing was written.
            Forbidden: it is an archive, and the caller is no operator.
            Conflict: an id is taken by another memory.
        """
        try:
            is_archive = await asyncio.to_thread(archives.is_archive, path)
            if is_archive:
                return await self._restore(path, dry_run=reading.dry_run)
            text = await asyncio.to_thread(_text, path)
        except OSError as error:
            raise BadRequest(f"the file {str(path)!r} cannot be read: {error.strerror}") from error
        form, found, faults = self._drafts(text, path, reading)
        fresh = await self._fresh(found)
        for start in range(0, 0 if reading.dry_run else len(fresh), _BATCH):
            await self.store.add(self.caller, fresh[start : start + _BATCH])
        return Imported(form=form, added=len(fresh), unchanged=len(found) - len(fresh), faults=tuple(faults))

    async def _restore(self, path: Path, *, dry_run: bool) -> Imported:
        header = await asyncio.to_thread(archives.verified, path)
        # All of it is looked at before any of it is written.
        for batch in archives.batches(path, size=_BATCH):
            await self.archive.check(self.caller, batch)
        if dry_run:
            return Imported(form=ARCHIVE, added=header.versions, unchanged=0)
        parts = [await self.archive.restore(self.caller, batch) for batch in archives.batches(path, size=_BATCH)]
        added, unchanged = sum(part.versions for part in parts), sum(part.unchanged for part in parts)
        return Imported(form=ARCHIVE, added=added, unchanged=unchanged)

    def _drafts(self, text: str, path: Path, reading: Reading) -> tuple[str, list[MemoryDraft], list[Fault]]:
        found = _content(text, reading, caller=self.caller)
        document = sendable(path.name)[:1000]
        if isinstance(found, Statements):
            return found.form, drafts.of_statements(found, document=document), list(found.faults)
        thread = reading.thread or sendable(path.stem)
        made, wrong = drafts.of_conversation(found, scope=self.caller.scope, thread=thread, document=document)
        return found.form, made, sorted([*found.faults, *wrong], key=lambda fault: fault.line)

    async def _fresh(self, found: Sequence[MemoryDraft]) -> list[MemoryDraft]:
        """Return the drafts that are not there yet, whatever became of them since."""
        known: set[str] = set()
        for start in range(0, len(found), _BATCH):
            ids = tuple(draft.id for draft in found[start : start + _BATCH] if draft.id is not None)
            listing = MemoryListing(filter=MemoryFilter(ids=ids, statuses=get_args(MemoryStatus)), limit=1000)
            known |= {memory.id for memory in (await self.store.list(self.caller, listing)).memories}
        return [draft for draft in found if draft.id not in known]


def _content(text: str, reading: Reading, *, caller: Caller) -> Conversation | Statements:
    found = json_files.read(text, scope=caller.scope) or chat_logs.read(text, day=reading.day, zone=reading.zone)
    if found is None:
        raise BadRequest(
            "the file is no archive, chat log, transcript or JSON that is known: lines should look like"
            " '[2026-05-03 14:02] Ada: text', 'Ada (14:02): text' or 'user: text'"
        )
    return found


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise BadRequest(
            f"the file {path.name!r} is larger than {MAX_FILE_BYTES // 1024 // 1024} MiB: cut it into parts"
        )
    try:
        return sendable(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadRequest(f"the file {path.name!r} is no UTF-8: the byte at {error.start} is not") from error
