"""A process that adds memories and follows those of others, and goes on after `kill -9`.

``python -m tests.support.memory_writer NAME WRITERS TIMES FOLDER`` adds WRITERS x TIMES memories, each under a key of
its own. It writes down what was acknowledged, and at its end what an index that follows the ledger has seen.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from contracts.memories import MemoryCommit, MemoryDraft
from contracts.memory_ports import View
from memory.memory_ledger import SqlMemoryLedger
from perdure.children import Child
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.memory_ledgers import ADA, EMBEDDER, vector_of

VIEW = View("default", "main", ADA.key)
_REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class MemoryLoad:
    """What a process does."""

    name: str
    writers: int
    times: int
    folder: Path

    async def start(self, settings: Settings) -> Child:
        """Start the process."""
        environ = {**os.environ, **settings.environ(), "PYTHONPATH": str(_REPOSITORY)}
        words = [self.name, str(self.writers), str(self.times), str(self.folder)]
        command = [sys.executable, "-m", "tests.support.memory_writer", *words]
        return await Child.start(command, environ=environ, log=self.folder / f"{self.name}.log")

    @property
    def texts(self) -> set[str]:
        """All that it adds."""
        return {f"{self.name}-{writer}-{number}" for writer in range(self.writers) for number in range(self.times)}

    @property
    def acknowledged_file(self) -> Path:
        """Where it writes down what it added: a text and an id a line."""
        return self.folder / f"{self.name}.added"

    @property
    def seen_file(self) -> Path:
        """Where it writes down what it saw."""
        return self.folder / f"{self.name}.seen"

    def acknowledged(self) -> dict[str, str]:
        """What was acknowledged so far: ids by texts. A line that was cut off by a kill does not count."""
        if not self.acknowledged_file.exists():
            return {}
        lines = self.acknowledged_file.read_text().split("\n")[:-1]
        return dict(line.split() for line in lines)

    def seen(self) -> set[str]:
        """Ids that its index held in the end."""
        return set(json.loads(self.seen_file.read_text()))


async def _write(ledger: SqlMemoryLedger, load: MemoryLoad, writer: int) -> None:
    done = load.acknowledged()
    with load.acknowledged_file.open("a") as file:
        for number in range(load.times):
            text = f"{load.name}-{writer}-{number}"
            if text in done:
                continue
            commit = MemoryCommit(drafts=(MemoryDraft(text=text, scope=ADA),), idempotency_key=text)
            made = await ledger.commit(commit, stems=[(text,)], vectors=[vector_of(text)], embedder=EMBEDDER)
            file.write(f"{text} {made.memories[0].id}\n")
            file.flush()


async def _follow(ledger: SqlMemoryLedger, seen: set[str], after: int) -> int:
    entries, upto = await ledger.entries(VIEW, after=after, embedder=EMBEDDER)
    seen.update(entry.id for entry in entries if entry.live)
    return upto


async def _run(load: MemoryLoad) -> None:
    seen: set[str] = set()
    async with open_stores(Settings.load()) as stores:
        ledger = SqlMemoryLedger(stores.database)
        writing = asyncio.gather(*(_write(ledger, load, writer) for writer in range(load.writers)))
        upto = 0
        while not writing.done():
            upto = await _follow(ledger, seen, upto)
            await asyncio.sleep(0.01)
        await writing
        await _follow(ledger, seen, upto)
    load.seen_file.write_text(json.dumps(sorted(seen)))


if __name__ == "__main__":
    name, writers, times, folder = sys.argv[1:]
    asyncio.run(_run(MemoryLoad(name=name, writers=int(writers), times=int(times), folder=Path(folder))))
