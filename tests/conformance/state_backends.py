"""A state store as the tests of its promises see it. The kinds of stores are in `tests.support.state_backends`.

A store is opened once for all tests; each test has a tenant of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.ports import EventLog, StateStore
from contracts.state import MAIN, Author, Commit, Committed, Document, Place, Write
from perdure.stores import open_stores
from tests.support.state_backends import StateBackend


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A database with two stores, as two processes have them.

    Attributes:
        store: the one that is tested.
        other: shares nothing with the first one but what is shared between processes.
        events: the events of both.
    """

    store: StateStore
    other: StateStore
    events: EventLog


@asynccontextmanager
async def opened(kind: StateBackend, folder: Path) -> AsyncIterator[Backend]:
    """An empty database of a kind."""
    async with kind.settings(folder) as settings, open_stores(settings) as one, open_stores(settings) as two:
        yield Backend(store=one.state, other=two.state, events=one.events)


@dataclass(frozen=True, kw_only=True)
class State:
    """A store as one tenant sees it, with short ways to say common things. Documents are named "namespace/key"."""

    backend: Backend
    tenant: str = field(default_factory=lambda: f"t-{secrets.token_hex(6)}")

    @property
    def store(self) -> StateStore:
        return self.backend.store

    @property
    def other(self) -> StateStore:
        return self.backend.other

    def place(self, name: str, *, branch: str = MAIN) -> Place:
        namespace, _, key = name.partition("/")
        return Place(namespace=namespace, key=key, branch=branch, tenant=self.tenant)

    async def commit(self, *writes: Write, branch: str = MAIN, **more: Any) -> Committed:
        return await self.store.commit(Commit(writes=writes, tenant=self.tenant, branch=branch, **more))

    async def put(self, name: str, value: Any, *, expect: Any = "any", branch: str = MAIN, **more: Any) -> Document:
        return (await self.commit(put(name, value, expect=expect), branch=branch, **more)).documents[0]

    async def get(self, name: str, *, branch: str = MAIN, **more: Any) -> Document | None:
        return await self.store.get(self.place(name, branch=branch), **more)

    async def value(self, name: str, *, branch: str = MAIN, **more: Any) -> Any:
        found = await self.get(name, branch=branch, **more)
        return None if found is None else found.value

    async def history(self, name: str, *, branch: str = MAIN, **more: Any) -> tuple[Document, ...]:
        return await self.store.history(self.place(name, branch=branch), **more)

    async def fork(self, name: str, *, parent: str = MAIN, at: int | None = None) -> None:
        await self.store.fork(name, parent=parent, at=at, tenant=self.tenant)


def write(kind: Any, name: str, value: Any = None, **more: Any) -> Write:
    namespace, _, key = name.partition("/")
    return Write(kind=kind, namespace=namespace, key=key, value=value, **more)


def put(name: str, value: Any, *, expect: Any = "any") -> Write:
    return write("put", name, value, expect=expect)


ADA = Author(actor="ada", run="run-1", step="triage", why="she asked")
