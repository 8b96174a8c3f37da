"""A process that remembers, corrects and forgets without a pause, until it is killed.

``python -m tests.support.remembering_process SEED FOLDER NEO4J_URL SPACE``: its database is where the settings say, its
vectors are in FOLDER, its graph is in SPACE on the server.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from dataclasses import dataclass
from pathlib import Path

from contracts.memories import Forgetting, MemoryCommit, MemoryDraft, MemoryRevision
from perdure.children import Child
from perdure.settings import Settings
from tests.support.projections import neo4j_at, qdrant_in
from tests.support.remembering import ADA, Remembering, remembering

_REPOSITORY = Path(__file__).parents[2]
_PEOPLE = [f"Person{number}" for number in range(12)]
_PLACES = [f"Town{number}" for number in range(12)]


@dataclass(frozen=True, kw_only=True)
class Life:
    """Where one of these processes keeps what it does."""

    seed: int
    folder: Path
    neo4j_url: str
    space: str

    async def start(self, settings: Settings) -> Child:
        """Start the process."""
        words = [str(self.seed), str(self.folder), self.neo4j_url, self.space]
        environ = {**os.environ, **settings.environ(), "PYTHONPATH": str(_REPOSITORY)}
        command = [sys.executable, "-m", "tests.support.remembering_process", *words]
        return await Child.start(command, environ=environ, log=self.folder.with_name(f"life-{self.seed}.log"))

    async def live(self) -> None:
        """Do it, for ever."""
        chance = random.Random(self.seed)
        async with (
            qdrant_in(self.folder) as index,
            neo4j_at(self.neo4j_url, space=self.space) as walking,
            remembering(Settings.load(), index=index, walking=walking) as opened,
        ):
            known: list[str] = []
            while True:
                known += await _step(opened, known, chance)
                sys.stdout.write(f"{len(known)}\n")
                sys.stdout.flush()


async def _step(opened: Remembering, known: list[str], chance: random.Random) -> list[str]:
    drafts = tuple(MemoryDraft(text=_text(chance), scope=ADA) for _ in range(chance.randint(1, 4)))
    made = await opened.commit(MemoryCommit(drafts=drafts))
    if known and chance.random() < 0.5:
        await opened.commit(MemoryCommit(revisions=(MemoryRevision(id=chance.choice(known), text=_text(chance)),)))
    if len(known) > 1 and chance.random() < 0.3:
        gone = known.pop(chance.randrange(len(known)))
        await opened.commit(MemoryCommit(forgettings=(Forgetting(id=gone),)))
    if known and chance.random() < 0.3:
        newer = MemoryDraft(text=_text(chance), scope=ADA, supersedes=(known.pop(),))
        await opened.commit(MemoryCommit(drafts=(newer,)))
    return [memory.id for memory in made]


def _text(chance: random.Random) -> str:
    return f"I met {chance.choice(_PEOPLE)} in {chance.choice(_PLACES)}, {chance.randrange(1_000)} steps away"


if __name__ == "__main__":
    seed, folder, neo4j_url, space = sys.argv[1:]
    asyncio.run(Life(seed=int(seed), folder=Path(folder), neo4j_url=neo4j_url, space=space).live())
