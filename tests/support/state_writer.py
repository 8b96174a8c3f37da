"""A process that writes state: tasks that count up documents by compare-and-set, and go on after `kill -9`.

``python -m tests.support.state_writer NAME KEY WRITERS TIMES FOLDER`` counts WRITERS x TIMES further. Each task writes
down what it is about to commit, with an idempotency key, as a workflow's history would; started again it begins with
that. Where KEY is "own", each task has a document of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import VersionConflict
from contracts.ports import StateStore
from contracts.state import ABSENT, Author, Commit, Expect, Place, Write
from perdure.children import Child
from perdure.settings import Settings
from perdure.stores import open_stores

NAMESPACE = "counters"
_REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a process does."""

    name: str
    key: str
    writers: int
    times: int
    folder: Path

    async def start(self, settings: Settings) -> Child:
        """Start the process."""
        words = [self.name, self.key, str(self.writers), str(self.times), str(self.folder)]
        environ = {**os.environ, **settings.environ(), "PYTHONPATH": str(_REPOSITORY)}
        command = [sys.executable, "-m", "tests.support.state_writer", *words]
        return await Child.start(command, environ=environ, log=self.folder / f"{self.name}.log")

    def done(self) -> int:
        """How many of its commits are done, as its tasks have written down."""
        return sum(_read(file)["number"] for file in self.folder.glob(f"{self.name}-*.json"))

    def worst(self) -> float:
        """Seconds that its longest commit took, conflicts and retries apart."""
        return float((self.folder / f"{self.name}.worst").read_text())


@dataclass(kw_only=True)
class _Task:
    store: StateStore
    load: Load
    number: int
    worst: float = 0.0

    @property
    def _file(self) -> Path:
        return self.load.folder / f"{self.load.name}-{self.number}.json"

    @property
    def _key(self) -> str:
        return f"{self.load.name}-{self.number}" if self.load.key == "own" else self.load.key

    async def run(self) -> None:
        """Count further until all times are done."""
        begun = _read(self._file) if self._file.exists() else {"number": 0, "base": await self._base()}
        for number in range(begun["number"], self.load.times):
            base = begun["base"]
            while (after := await self._counted(number, base)) is None:
                base = await self._base()
            begun = {"number": number + 1, "base": after}
            self._write_down(begun)

    async def _counted(self, number: int, base: int) -> int | None:
        """Commit; None where somebody else was quicker."""
        self._write_down({"number": number, "base": base})
        expect: Expect = base or ABSENT
        write = Write(kind="put", namespace=NAMESPACE, key=self._key, value={"count": base + 1}, expect=expect)
        commit = Commit(
            writes=(write,),
            author=Author(actor=self.load.name),
            idempotency_key=f"{self.load.name}/{self.number}/{number}",
        )
        began = time.perf_counter()
        try:
            made = await self.store.commit(commit)
        except VersionConflict:
            return None
        finally:
            self.worst = max(self.worst, time.perf_counter() - began)
        count: int = made.documents[0].value["count"]
        return count

    async def _base(self) -> int:
        found = await self.store.get(Place(namespace=NAMESPACE, key=self._key), fresh=True)
        return 0 if found is None else int(found.value["count"])

    def _write_down(self, what: dict[str, int]) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(what))
        new.replace(self._file)


def _read(file: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads(file.read_text())
    return found


async def _run(load: Load) -> None:
    async with open_stores(Settings.load()) as stores:
        tasks = [_Task(store=stores.state, load=load, number=number) for number in range(load.writers)]
        await asyncio.gather(*(task.run() for task in tasks))
    (load.folder / f"{load.name}.worst").write_text(str(max(task.worst for task in tasks)))


if __name__ == "__main__":
    name, key, writers, times, folder = sys.argv[1:]
    asyncio.run(_run(Load(name=name, key=key, writers=int(writers), times=int(times), folder=Path(folder))))
