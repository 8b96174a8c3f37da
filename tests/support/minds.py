"""Memory as tests of its store see it: opened twice, as two processes have it; each test has a tenant of its own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from contracts.memories import Caller, Memory, MemoryDraft, MemoryScope
from contracts.memory_ports import MemoryStore
from contracts.recall import MemoryQuery, Recollection
from contracts.state import MAIN
from perdure.memory_stores import open_memory
from perdure.settings import Settings
from perdure.stores import Stores, open_stores
from tests.support.state_backends import StateBackend


@dataclass(frozen=True, kw_only=True)
class MindBackend:
    """A database with two stores of memory that share nothing but what is shared between processes."""

    settings: Settings
    one: MemoryStore
    two: MemoryStore
    stores: Stores


@asynccontextmanager
async def opened_minds(kind: StateBackend, folder: Path) -> AsyncIterator[MindBackend]:
    """An empty database of a kind."""
    async with kind.settings(folder) as settings, minds(settings) as backend:
        yield backend


@asynccontextmanager
async def minds(settings: Settings) -> AsyncIterator[MindBackend]:
    """Memory as the settings say, twice."""
    async with (
        open_stores(settings) as first,
        open_stores(settings) as second,
        open_memory(settings, first) as one,
        open_memory(settings, second) as two,
    ):
        yield MindBackend(settings=settings, one=one.store, two=two.store, stores=first)


@dataclass(frozen=True, kw_only=True)
class Mind:
    """Memory of one tenant, with short ways to say common things.

    Attributes:
        store: the one that is tested.
        other: the one of another process.
    """

    store: MemoryStore
    other: MemoryStore
    stores: Stores
    tenant: str = field(default_factory=lambda: f"t-{secrets.token_hex(6)}")
    branch: str = MAIN

    @classmethod
    def of(cls, backend: MindBackend) -> Mind:
        return cls(store=backend.one, other=backend.two, stores=backend.stores)

    def on(self, branch: str) -> Mind:
        return replace(self, branch=branch)

    def caller(self, user: str | None = "ada", *, operator: bool = False, **more: Any) -> Caller:
        scope = MemoryScope(user=user, **more)
        return Caller(tenant=self.tenant, branch=self.branch, actor=user or "", scope=scope, operator=operator)

    async def add(self, *texts: str, user: str | None = "ada", **more: Any) -> tuple[Memory, ...]:
        """Remember statements in a user's scope; `more` are fields of drafts."""
        scope = more.pop("scope", MemoryScope(user=user))
        drafts = [MemoryDraft(text=text, scope=scope, **more) for text in texts]
        return await self.store.add(Caller(tenant=self.tenant, branch=self.branch, actor="x", scope=scope), drafts)

    async def one(self, text: str, **more: Any) -> Memory:
        return (await self.add(text, **more))[0]

    async def search(self, text: str, *, by: Caller | None = None, **more: Any) -> Recollection:
        return await self.store.search(by or self.caller(), MemoryQuery(text=text, **more))

    async def found(self, text: str, *, by: Caller | None = None, **more: Any) -> list[str]:
        """The texts of the hits, the best first."""
        return texts_of(await self.search(text, by=by, **more))


def texts_of(found: Recollection) -> list[str]:
    return [hit.memory.text for hit in found.hits]
