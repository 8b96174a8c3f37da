"""The backends that the promises of the state store are proved on. Add one to `OPENERS`.

A backend is opened once for all tests; each test has a tenant of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.ports import StateStore
from contracts.state import MAIN, Author, Commit, Committed, Document, Place, Write
from memory.memory_cache import MemoryStateCache
from memory.sql.database import Database
from memory.sqlite_state import SqliteStateDatabase
from memory.sqlite_wakeups import SqliteWakeUps
from memory.state_store import SqlStateStore


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A database with two stores, as two processes have them.

    Attributes:
        database: of the first store.
        store: the one that is tested.
        other: shares nothing with the first one but what is shared between processes.
    """

    database: Database
    store: StateStore
    other: StateStore


@asynccontextmanager
async def open_sqlite(folder: Path, *, cached: bool = False) -> AsyncIterator[Backend]:
    async with _sqlite(folder / "state.db", cached=cached) as one, _sqlite(folder / "state.db", cached=cached) as two:
        yield Backend(database=one[0], store=one[1], other=two[1])


@asynccontextmanager
async def _sqlite(file: Path, *, cached: bool) -> AsyncIterator[tuple[Database, StateStore]]:
    wake_ups = SqliteWakeUps(file)
    database = SqliteStateDatabase(file, wake_ups=wake_ups)
    yield database, SqlStateStore(database, wake_ups=wake_ups, cache=MemoryStateCache() if cached else None)
    await wake_ups.close()
    await database.close()


Opener = Callable[[Path], AbstractAsyncContextManager[Backend]]
OPENERS: dict[str, Opener] = {
    "sqlite": open_sqlite,
    "sqlite-cached": lambda folder: open_sqlite(folder, cached=True),
}


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
