"""Runs with a memory, one for each way that their commands can go."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio.client import Client

from contracts.remembering import MemoryPolicy
from perdure.run import Run
from tests.support.chaos_stores import wipe_segments
from tests.support.run_memories import Notes
from tests.support.running import APP, Runner, door, runner
from tests.support.waiting import until

MEMORY_APP = "tests.support.memory_teams"
KNOWN = {"m1": "Ada prefers short answers.", "m2": "Ada lives in Turin, near the river, since the spring of last year."}


@dataclass(frozen=True, kw_only=True)
class MemoryKind:
    """One run with a memory.

    Attributes:
        team: which team runs.
        options: what it is started with besides.
        away: how many calls of its memory fail.
        onward: whether it needs more than one history, on an impatient server.
    """

    team: str = "reminded"
    task: str = "Do the work."
    options: Mapping[str, Any] = field(default_factory=dict)
    away: int = 0
    onward: bool = False

    def notes(self) -> Notes:
        """What its memory holds."""
        return Notes(
            known=dict(KNOWN), agents={"bob": "Bob keeps the accounts."}, away=self.away, learning_away=self.away
        )

    async def start(self, running: Runner, run_id: str | None = None) -> Run:
        """Start the run for a user."""
        return await running.start(self.team, self.task, user="ada", run_id=run_id, **self.options)


KINDS: Mapping[str, MemoryKind] = {
    "system": MemoryKind(),
    "asking": MemoryKind(team="asking"),
    "team": MemoryKind(team="all-asking"),
    "learning_only": MemoryKind(options={"memory": MemoryPolicy(inject="off")}),
    "noting": MemoryKind(team="noting"),
    "away": MemoryKind(away=100),
    "onward": MemoryKind(team="asking-long", onward=True),
}


async def forgotten(client: Client, home: Path, *, model_url: str, task_queue: str, run_id: str | None = None) -> Run:
    """A run whose texts are lost when it is to be learned from, with the worker that knew them."""
    kind, notes = KINDS["system"], KINDS["system"].notes()
    run = await (await door(client, task_queue)).start(kind.team, kind.task, user="ada", run_id=run_id)
    common: dict[str, Any] = {"model_url": model_url, "app": (APP, MEMORY_APP), "task_queue": task_queue}
    notes.learning_away = 100
    async with runner(client, home, memories=notes.memories(), **common):
        await until(lambda: len(notes.conversations) > 0, seconds=30, what="the first try to learn")
    wipe_segments(home)
    notes.learning_away = 0
    async with runner(client, home, memories=notes.memories(), **common):
        await asyncio.wait_for(run.result(), 60)
    return run
