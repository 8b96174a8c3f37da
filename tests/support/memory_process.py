"""A process that remembers, and looks for what others remembered.

``python -m tests.support.memory_process NAME COUNT FOLDER OTHER…`` adds COUNT memories, one after another. Each must be
found by a search at once; what is in FOLDER/NAME then says how many are there, and what others say there must be found
by the next search, too.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from contracts.memories import Caller, MemoryDraft, MemoryScope
from contracts.memory_ports import MemoryStore
from contracts.recall import MemoryQuery
from perdure.children import Child
from perdure.memory_stores import open_memory
from perdure.settings import Settings
from perdure.stores import open_stores

SCOPE = MemoryScope(user="crowd")
_REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Remembering:
    """What a process does."""

    name: str
    count: int
    folder: Path
    others: tuple[str, ...] = ()

    async def start(self, settings: Settings) -> Child:
        """Start the process."""
        words = [self.name, str(self.count), str(self.folder), *self.others]
        environ = {**os.environ, **settings.environ(), "PYTHONPATH": str(_REPOSITORY), "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tests.support.memory_process", *words]
        return await Child.start(command, environ=environ, log=self.folder / f"{self.name}.log")

    def done(self, name: str | None = None) -> int:
        """How many memories of a process are there."""
        file = self.folder / (name or self.name)
        return int(file.read_text() or 0) if file.exists() else 0


def text_of(name: str, number: int) -> str:
    """The words of no two memories are the same."""
    return f"{name} wrote note{name}{number}"


async def check_found(store: MemoryStore, name: str, number: int) -> None:
    """See that a memory is the first hit of the next search."""
    found = await store.search(Caller(scope=SCOPE), MemoryQuery(text=f"note{name}{number}", limit=3))
    assert [hit.memory.text for hit in found.hits[:1]] == [text_of(name, number)], (name, number, found)


async def _remember(store: MemoryStore, work: Remembering) -> None:
    for number in range(1, work.count + 1):
        await store.add(Caller(scope=SCOPE), [MemoryDraft(text=text_of(work.name, number), scope=SCOPE)])
        temporary = work.folder / f"{work.name}.new"
        temporary.write_text(str(number))
        temporary.rename(work.folder / work.name)
        await check_found(store, work.name, number)
        for other in work.others:
            if done := work.done(other):
                await check_found(store, other, done)


async def _main() -> None:
    name, count, folder, *others = sys.argv[1:]
    work = Remembering(name=name, count=int(count), folder=Path(folder), others=tuple(others))
    settings = Settings.load()
    async with open_stores(settings) as stores, open_memory(settings, stores) as memory:
        await _remember(memory.store, work)


if __name__ == "__main__":
    asyncio.run(_main())
