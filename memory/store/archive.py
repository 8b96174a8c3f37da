"""Archives of memories, out of the ledger's tables and into them."""

from __future__ import annotations

import asyncio
import base64
import binascii
import itertools
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from contracts.errors import BadRequest, Conflict, Forbidden
from contracts.memories import Caller, Memory, MemoryDraft, MemoryRecord
from contracts.memory_archive import ArchiveCounts, ArchivedVersion, Restored
from contracts.memory_ports import MemoryLedger
from memory.ledger.restoring import Restore, RestoredVersion, restored_row
from memory.ledger.rows import MemoryRow, memory_of
from memory.recall.analysis import stems_of
from memory.sql import memory_archiving
from memory.sql.database import Database
from memory.store.rights import visible_keys
from memory.store.texts import SpokenText, TextAnalysis

_PAGE = 500
# What another database counts, or calls, otherwise.
_PLACE = {"sequence", "tenant", "branch"}
# What of a version a draft would be checked for.
_CHECKED = set(MemoryDraft.model_fields) - {"text", "status"}


class SqlMemoryArchive:
    """See `MemoryArchive`.

    Args:
        database: of the ledger; its owner is the caller.
        ledger: keeps the record of what was taken out.
        analysis: makes stems, and vectors where they are missing.
    """

    def __init__(self, database: Database, *, ledger: MemoryLedger, analysis: TextAnalysis) -> None:
        self._database = database
        self._ledger = ledger
        self._analysis = analysis

    @property
    def embedder(self) -> str:
        """See `MemoryArchive.embedder`."""
        return self._analysis.embedder.name

    async def counts(self, caller: Caller) -> ArchiveCounts:
        """See `MemoryArchive.counts`."""
        where = _where(caller)
        return await self._database.read(lambda connection: memory_archiving.read_counts(connection, **where))

    async def versions(self, caller: Caller, *, upto: int, vectors: bool) -> AsyncIterator[ArchivedVersion]:
        """See `MemoryArchive.versions`."""
        after = 0
        while page := await self._page(caller, after=after, upto=upto):
            found = await self._vectors(page) if vectors else {}
            await self._record(caller, page)
            for row in page:
                memory = memory_of(row, branch=caller.branch)
                yield ArchivedVersion.model_construct(memory=memory, vectors=found.get(row.seq, {}))
            after = page[-1].seq

    async def check(self, caller: Caller, versions: Sequence[ArchivedVersion]) -> None:
        """See `MemoryArchive.check`."""
        await self._missing(caller, versions)

    async def restore(self, caller: Caller, versions: Sequence[ArchivedVersion]) -> Restored:
        """See `MemoryArchive.restore`."""
        missing = await self._missing(caller, versions)
        if not missing:
            return Restored(unchanged=len(versions))
        command = Restore(
            tenant=caller.tenant,
            branch=caller.branch,
            versions=await self._prepared(caller, missing),
            author=caller.author(),
        )
        written = await self._database.submit(command)
        return Restored(versions=written, unchanged=len(versions) - written)

    async def _page(self, caller: Caller, *, after: int, upto: int) -> list[MemoryRow]:
        where = {**_where(caller), "after": after, "upto": upto, "limit": _PAGE}
        return await self._database.read(lambda connection: memory_archiving.read_page(connection, **where))

    async def _vectors(self, page: Sequence[MemoryRow]) -> dict[int, dict[str, str]]:
        sequences = [row.seq for row in page if row.text_seq == row.seq]
        rows = await self._database.read(lambda connection: memory_archiving.read_vectors(connection, sequences))
        found: dict[int, dict[str, str]] = {}
        for row in rows:
            found.setdefault(row.seq, {})[row.embedder] = base64.b64encode(row.vector).decode()
        return found

    async def _record(self, caller: Caller, page: Sequence[MemoryRow]) -> None:
        ids = tuple(dict.fromkeys(row.id for row in page))
        record = MemoryRecord(
            action="export",
            tenant=caller.tenant,
            branch=caller.branch,
            actor=caller.actor,
            run=caller.run,
            ids=ids,
            count=len(ids),
        )
        await self._ledger.record([record])

    async def _missing(self, caller: Caller, versions: Sequence[ArchivedVersion]) -> list[ArchivedVersion]:
        """Return the versions that are not there yet."""
        if not caller.operator:
            raise Forbidden(
                "an archive says itself whose its memories are and who wrote them, so only an operator may bring it in:"
                " name no user, agent, team or session"
            )
        for version in versions:
            _check(version.memory)
        ids = [version.memory.id for version in versions]
        where = {"tenant": caller.tenant, "branch": caller.branch}
        rows = await self._database.read(lambda connection: memory_archiving.read_versions_of(connection, ids, **where))
        there = {(row.id, row.version): memory_of(row) for row in rows}
        return list(_without(versions, there))

    async def _prepared(self, caller: Caller, versions: Sequence[ArchivedVersion]) -> list[RestoredVersion]:
        vectors = [await self._vectors_of(versions[start : start + _PAGE]) for start in range(0, len(versions), _PAGE)]
        stems = await asyncio.to_thread(lambda: [stems_of(one.memory.text) for one in versions])
        return [
            RestoredVersion(restored_row(one.memory, tenant=caller.tenant, branch=caller.branch, stems=words), made)
            for one, words, made in zip(versions, stems, itertools.chain(*vectors), strict=True)
        ]

    async def _vectors_of(self, versions: Sequence[ArchivedVersion]) -> list[dict[str, bytes]]:
        """Return the vectors that versions bring, and those that are missing."""
        found = [self._decoded(version) for version in versions]
        lacking = [
            (one.memory, given)
            for one, given in zip(versions, found, strict=True)
            if one.memory.text and self.embedder not in given
        ]
        analysed = await self._analysis.of([SpokenText(memory.text, memory.speaker) for memory, _ in lacking])
        for (_, given), vector in zip(lacking, analysed.vectors, strict=True):
            # One that the embedder cannot make now is made later, as for every memory.
            given.update({self.embedder: vector} if vector is not None else {})
        return found

    def _decoded(self, version: ArchivedVersion) -> dict[str, bytes]:
        memory, embedder = version.memory, self._analysis.embedder
        try:
            found = {name: base64.b64decode(text, validate=True) for name, text in version.vectors.items()}
        except binascii.Error as error:
            raise BadRequest(
                f"a vector of version {memory.version} of {memory.id!r} cannot be read: {error}"
            ) from error
        for name, vector in found.items():
            if len(vector) % 4 or (name == embedder.name and embedder.dimensions not in (0, len(vector) // 4)):
                raise BadRequest(
                    f"the vector of version {memory.version} of {memory.id!r} has {len(vector):,} bytes, which {name}"
                    " does not make: export without vectors"
                )
        return found


def _where(caller: Caller) -> dict[str, Any]:
    return {"tenant": caller.tenant, "branch": caller.branch, "scopes": visible_keys(caller)}


def _without(versions: Iterable[ArchivedVersion], there: Mapping[tuple[str, int], Memory]) -> Iterable[ArchivedVersion]:
    for version in versions:
        memory = version.memory
        known = there.get((memory.id, memory.version))
        if known is None:
            yield version
        elif known.model_dump(exclude=_PLACE) != memory.model_dump(exclude=_PLACE):
            raise Conflict(
                f"the memory {memory.id!r} is there already, and its version {memory.version} says something else than"
                " that of the archive: import it into another tenant or branch"
            )


def _check(memory: Memory) -> None:
    try:
        MemoryDraft.model_validate({**memory.model_dump(include=_CHECKED), "text": memory.text or "forgotten"})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadRequest(f"version {memory.version} of {memory.id[:80]!r}: {where}: {first['msg']}") from error
