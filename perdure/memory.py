"""Memories as users of the client hold them: remember, find, change, relate, and see why."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Literal, Unpack

from contracts.memories import (
    Caller,
    Forgetting,
    Memory,
    MemoryDraft,
    MemoryRevision,
)
from contracts.recall import MemoryListing, MemoryPage, MemoryQuery, Recollection
from contracts.relations import Path, Relation
from perdure import checked, memory_caller
from perdure.memory_caller import Changes, Details, Whose
from perdure.memory_opening import MemoryOpening
from perdure.transfer import archives, exporting, importing
from perdure.transfer.importing import Imported, Reading

if TYPE_CHECKING:
    from contracts.memory_ports import MemoryStore


@dataclass(frozen=True, kw_only=True)
class Memories:
    """What is remembered, as one caller sees it.

    A memory belongs to whom it names (user, agent, team, session; nobody: the whole tenant), and is seen by callers who
    have all these ids.

    Example:
        ```python
        await perdure.memory.add("Ada takes her coffee without milk.", user="ada")
        found = await perdure.memory.search("How does Ada like her coffee?", user="ada", explain=True)
        for hit in found.hits:
            print(hit.score, hit.memory.text, hit.shares)
        ```

    Attributes:
        memory: opened when it is first needed.
        caller: who asks.
    """

    memory: MemoryOpening
    caller: Caller = field(default_factory=Caller)

    def of(self, **whose: Unpack[Whose]) -> Memories:
        """Return the memories of somebody.

        Example:
            ```python
            ada = perdure.memory.of(user="ada", session="s-1")
            await ada.add("The meeting was moved to Friday.")
            ```

        Raises:
            BadRequest: an id is not allowed.
        """
        return replace(self, caller=memory_caller.caller(self.caller, whose))

    def by(self, actor: str, *, run: str | None = None, step: str | None = None) -> Memories:
        """Return the same for another author."""
        return replace(
            self,
            caller=checked.made(Caller, {**self.caller.model_dump(), "actor": actor, "run": run, "step": step}),
        )

    async def add(self, text: str, *, idempotency_key: str | None = None, **details: Unpack[Details]) -> Memory:
        """Remember a statement; it can be found when this returns.

        Example:
            ```python
            await perdure.memory.add("Never deploy on Fridays.", team="ops", kind="procedural", tags=["deploy"])
            ```

        Args:
            text: what is to be remembered, one statement, at most 64 KiB.
            idempotency_key: makes adding safe to repeat.
            details: whose it is, and what else is said of it.

        Raises:
            BadRequest: a field is wrong.
            BackendUnavailable: the database does not answer.
        """
        caller, fields = memory_caller.split(self.caller, details, model=MemoryDraft)
        draft = checked.made(MemoryDraft, {"scope": caller.scope, **fields, "text": text}, what="the memory")
        return (await (await self._store()).add(caller, [draft], idempotency_key=idempotency_key))[0]

    async def add_all(
        self, drafts: Sequence[MemoryDraft], *, idempotency_key: str | None = None, **whose: Unpack[Whose]
    ) -> tuple[Memory, ...]:
        """Remember several statements, all or none. See `MemoryStore.add`."""
        return await (await self._store()).add(
            memory_caller.caller(self.caller, whose), drafts, idempotency_key=idempotency_key
        )

    async def search(self, text: str, **options: Any) -> Recollection:
        """Return what fits a text best; an empty text gives the latest.

        Example:
            ```python
            found = await perdure.memory.search("coffee", user="ada", filter={"tags": ["drinks"]}, limit=5)
            ```

        Args:
            text: a question, or words.
            options: `limit`, `filter` (a `MemoryFilter` or its fields), `as_of`, `now`, `explain`, `after` of
                `MemoryQuery`, and whose memories are meant: see `of`.

        Raises:
            BadRequest: a field is wrong, or a cursor cannot be used.
        """
        caller, fields = memory_caller.split(self.caller, options, model=MemoryQuery)
        query = {"team": caller.scope.team, **memory_caller.filtered(fields), "text": text}
        return await (await self._store()).search(caller, checked.made(MemoryQuery, query, what="the query"))

    async def list(self, **options: Any) -> MemoryPage:
        """Return memories by filter, the newest first.

        Args:
            options: `filter`, `order`, `limit`, `after`, `as_of` of `MemoryListing`, and whose memories are meant.

        Raises:
            BadRequest: a field is wrong, or a cursor cannot be used.
        """
        caller, fields = memory_caller.split(self.caller, options, model=MemoryListing)
        listing = checked.made(MemoryListing, memory_caller.filtered(fields), what="the list")
        return await (await self._store()).list(caller, listing)

    async def get(
        self,
        id: str,
        *,
        version: int | None = None,
        as_of: int | datetime | None = None,
        **whose: Unpack[Whose],
    ) -> Memory:
        """Return a memory, in an old version if asked. Raises `NotFound` where the caller sees none."""
        return await (await self._store()).get(
            memory_caller.caller(self.caller, whose), id, version=version, as_of=as_of
        )

    async def edit(
        self,
        id: str,
        *,
        expect: int | Literal["any"] = "any",
        why: str | None = None,
        **changes: Unpack[Changes],
    ) -> Memory:
        """Change a memory; its old versions stay.

        Example:
            ```python
            memory = await perdure.memory.add("Ada works in Lisbon.", user="ada")
            await perdure.memory.edit(memory.id, user="ada", text="Ada works in Porto.", expect=memory.version)
            ```

        Raises:
            NotFound: the caller sees no such memory.
            VersionConflict: it has another version than was expected.
        """
        caller, fields = memory_caller.split(self.caller, changes, model=MemoryRevision)
        revision = checked.made(MemoryRevision, {**fields, "id": id, "expect": expect}, what="the change")
        return await (await self._store()).edit(caller, revision, why=why)

    async def forget(
        self, id: str, *, expect: int | Literal["any"] = "any", why: str | None = None, **whose: Unpack[Whose]
    ) -> None:
        """Forget a memory. Raises `NotFound`, `VersionConflict`, and `Conflict` where it is held."""
        forgetting = checked.made(Forgetting, {"id": id, "expect": expect})
        await (await self._store()).forget(memory_caller.caller(self.caller, whose), forgetting, why=why)

    async def history(self, id: str, **whose: Unpack[Whose]) -> tuple[Memory, ...]:
        """Return all versions of a memory, the latest first. Raises `NotFound`."""
        return await (await self._store()).history(memory_caller.caller(self.caller, whose), id)

    async def review(
        self, id: str, *, decision: Literal["accept", "reject"], why: str | None = None, **whose: Unpack[Whose]
    ) -> Memory:
        """Decide on a memory that is in review: `list(filter={"statuses": ["review"]})` gives them."""
        return await (await self._store()).review(
            memory_caller.caller(self.caller, whose), id, decision=decision, why=why
        )

    async def mark(self, id: str, *, useful: bool, **whose: Unpack[Whose]) -> None:
        """Say that a memory was of use, or was not: the ranking can learn from it."""
        await (await self._store()).mark(memory_caller.caller(self.caller, whose), id, useful=useful)

    async def unlearn(self, **whose: Unpack[Whose]) -> int:
        """Forget all marks and uses of the tenant, and return of how many memories there were some.

        Raises:
            Forbidden: the caller is no operator.
        """
        return await (await self._store()).forget_ranking(memory_caller.caller(self.caller, whose))

    async def relations(self, node: str, *, limit: int = 100, **whose: Unpack[Whose]) -> tuple[Relation, ...]:
        """Return the relations of a memory (its id) or of an entity ("entity:lisbon"), the strongest first."""
        return await (await self._store()).relations(memory_caller.caller(self.caller, whose), node, limit=limit)

    async def relate(self, start: str, end: str, *, kind: str, **options: Any) -> Relation:
        """Relate two nodes, or strengthen the relation that is there.

        Args:
            start: the id of a memory, or an entity such as "entity:ada".
            end: the same.
            kind: a word such as "knows".
            options: `mutual` and `strength` of `Relation`, and whose relation it is.
        """
        caller, fields = memory_caller.split(self.caller, options, model=Relation)
        values = {"tenant": caller.tenant, "scope": caller.scope.key, **fields, "start": start, "end": end}
        relation = checked.made(Relation, {**values, "kind": kind}, what="the relation")
        return await (await self._store()).relate(caller, relation)

    async def path(self, start: str, end: str, *, depth: int = 4, **whose: Unpack[Whose]) -> Path | None:
        """Return how two nodes hang together; None where there is no way of at most `depth` relations."""
        return await (await self._store()).path(memory_caller.caller(self.caller, whose), start, end, depth=depth)

    async def stats(self, **whose: Unpack[Whose]) -> dict[str, Any]:
        """Return counts by kind, status and scope, cache hits, and how far each projection follows."""
        return await (await self._store()).stats(memory_caller.caller(self.caller, whose))

    async def reindex(self, *, only: Sequence[str] | None = None) -> dict[str, int]:
        """Build projections anew, of all tenants, while reads go on. See `MemoryStore.reindex`."""
        return await (await self._store()).reindex(only=only)

    async def export(self, path: str | FilePath, *, vectors: bool = False, **whose: Unpack[Whose]) -> int:
        """Write what the caller sees into a file, with all versions, and return how many versions these are.

        Example:
            ```python
            await perdure.memory.export("memories.jsonl", operator=True)
            await other.memory.import_("memories.jsonl", operator=True)
            ```

        Raises:
            BadRequest: the file cannot be written; one that is there stays.
        """
        lines = await self.export_lines(vectors=vectors, **whose)
        return await exporting.write(lines, FilePath(path))

    async def export_lines(self, *, vectors: bool = False, **whose: Unpack[Whose]) -> AsyncIterator[str]:
        """Return the lines that `export` would write."""
        archive = (await self.memory.opened()).archive
        return archives.lines(archive, memory_caller.caller(self.caller, whose), vectors=vectors)

    async def import_(
        self, path: str | FilePath, *, reading: Reading | None = None, **whose: Unpack[Whose]
    ) -> Imported:
        """Bring in an export, a chat log, a transcript or another tool's memories. Doing so again changes nothing.

        An export says itself whose its memories are, and only an operator may bring it in.

        Example:
            ```python
            found = await perdure.memory.import_("chat.txt", user="ada")
            print(found.added, "memories", found.faults)
            ```

        Raises:
            BadRequest: the file is nothing that is known, or an export that is not whole; nothing was written.
            Forbidden: it is an export, and the caller is no operator.
            Conflict: another memory has one of its ids.
        """
        opened = await self.memory.opened()
        caller = memory_caller.caller(self.caller, whose)
        importer = importing.Importer(store=opened.store, archive=opened.archive, caller=caller)
        return await importer.read(FilePath(path), reading or Reading())

    async def _store(self) -> MemoryStore:
        store: MemoryStore = (await self.memory.opened()).store
        return store
