"""A ledger of memories as the tests of its promises see it: one database for all tests, and a tenant for each."""

from __future__ import annotations

import secrets
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.memories import (
    Forgetting,
    Memory,
    MemoryCommit,
    MemoryCommitted,
    MemoryDraft,
    MemoryRevision,
    MemoryScope,
    MemorySource,
)
from contracts.memory_ports import LedgerEntry, View
from contracts.ports import EventLog, StateStore
from contracts.recall import MemoryFilter, MemoryListing
from contracts.state import MAIN, Author
from memory.memory_ledger import SqlMemoryLedger
from perdure.stores import open_stores
from tests.support.state_backends import StateBackend

EMBEDDER = "numbers-4/1"
ADA = MemoryScope(user="ada")
WHO = Author(actor="ada", run="run-1", step="learn", why="she said so")


@dataclass(frozen=True, kw_only=True)
class LedgerBackend:
    """A database with two ledgers, as two processes have them, and what else is in it."""

    ledger: SqlMemoryLedger
    other: SqlMemoryLedger
    state: StateStore
    events: EventLog


@asynccontextmanager
async def opened_ledgers(kind: StateBackend, folder: Path) -> AsyncIterator[LedgerBackend]:
    """An empty database of a kind."""
    async with kind.settings(folder) as settings, open_stores(settings) as one, open_stores(settings) as two:
        yield LedgerBackend(
            ledger=SqlMemoryLedger(one.database),
            other=SqlMemoryLedger(two.database),
            state=one.state,
            events=one.events,
        )


def vector_of(text: str) -> bytes:
    """Return a vector that tells texts apart."""
    return struct.pack("<4f", len(text), *text.encode()[:3].ljust(3))


def draft(text: str, *, scope: MemoryScope = ADA, source: dict[str, Any] | None = None, **more: Any) -> MemoryDraft:
    """Return a draft."""
    return MemoryDraft(text=text, scope=scope, source=MemorySource(**source or {}), **more)


@dataclass(frozen=True, kw_only=True)
class Memories:
    """A ledger as one tenant sees it, with short ways to say common things."""

    backend: LedgerBackend
    tenant: str = field(default_factory=lambda: f"t-{secrets.token_hex(6)}")

    @property
    def ledger(self) -> SqlMemoryLedger:
        return self.backend.ledger

    async def commit(
        self,
        *drafts: MemoryDraft,
        revisions: Sequence[MemoryRevision] = (),
        forgettings: Sequence[Forgetting] = (),
        vectors: bool = True,
        **more: Any,
    ) -> MemoryCommitted:
        texts: list[str | None] = [one.text for one in drafts]
        texts += [one.text for one in revisions]
        return await self.ledger.commit(
            MemoryCommit(
                drafts=drafts, revisions=tuple(revisions), forgettings=tuple(forgettings), tenant=self.tenant, **more
            ),
            stems=[() if text is None else text.lower().split() for text in texts],
            vectors=[None if text is None or not vectors else vector_of(text) for text in texts],
            embedder=EMBEDDER,
        )

    async def add(self, text: str = "Ada lives in Lisbon", *, branch: str = MAIN, **more: Any) -> Memory:
        (memory,) = (await self.commit(draft(text, **more), branch=branch, author=WHO)).memories
        return memory

    async def revise(self, id_: str, *, branch: str = MAIN, **changed: Any) -> Memory:
        revision = MemoryRevision(id=id_, **changed)
        (memory,) = (await self.commit(revisions=[revision], branch=branch, author=WHO)).memories
        return memory

    async def forget(self, id_: str, *, branch: str = MAIN, **more: Any) -> Memory:
        (memory,) = (await self.commit(forgettings=[Forgetting(id=id_, **more)], branch=branch)).memories
        return memory

    async def get(self, id_: str, *, branch: str = MAIN, **more: Any) -> Memory | None:
        found = await self.ledger.get([id_], tenant=self.tenant, branch=branch, **more)
        return found[0] if found else None

    async def status(self, id_: str, *, branch: str = MAIN) -> str | None:
        found = await self.get(id_, branch=branch)
        return None if found is None else found.status

    async def history(self, id_: str, *, branch: str = MAIN) -> tuple[Memory, ...]:
        return await self.ledger.history(id_, tenant=self.tenant, branch=branch)

    def view(self, scope: MemoryScope = ADA, *, branch: str = MAIN, as_of: int | None = None) -> View:
        return View(self.tenant, branch, scope.key, as_of)

    async def entries(
        self,
        scope: MemoryScope = ADA,
        *,
        after: int = 0,
        branch: str = MAIN,
        as_of: int | None = None,
        embedder: str = EMBEDDER,
    ) -> tuple[Sequence[LedgerEntry], int]:
        view = self.view(scope, branch=branch, as_of=as_of)
        return await self.ledger.entries(view, after=after, embedder=embedder)

    async def ids(self, scope: MemoryScope = ADA, **more: Any) -> list[str]:
        """Return the ids of what may be recalled in a scope."""
        return [entry.id for entry in (await self.entries(scope, **more))[0] if entry.live]

    async def texts(self, *, branch: str = MAIN, scopes: Sequence[str] | None = None, **asked: Any) -> list[str]:
        """Return the texts that fit a filter, the oldest first; and see that `matching` says the same."""
        more = {name: asked.pop(name) for name in ("as_of",) if name in asked}
        listing = MemoryListing(filter=MemoryFilter(**asked), order="oldest", **more)
        place = {"tenant": self.tenant, "branch": branch}
        page = await self.ledger.list(listing, scopes=scopes, **place)
        if scopes is not None:
            found = await self.ledger.matching(listing, scopes=scopes, **place)
            assert found == {memory.id for memory in page.memories}
        return [memory.text for memory in page.memories]

    async def fork(self, name: str) -> None:
        await self.backend.state.fork(name, tenant=self.tenant)
