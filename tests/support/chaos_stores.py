"""What a store forgets: the pieces of all conversations, at once, while nobody is told."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client

from contracts.runs import RunResult, TranscriptEntry
from tests.support.chaos_chains import conversation, parts
from tests.support.chaos_client import calls
from tests.support.running import TASK, door, new_queue, runner
from tests.support.waiting import until

APP = ("tests.support.chaos_app",)


def wipe_segments(home: Path) -> int:
    """Delete every piece of every conversation from a data folder's database, and return how many there were."""
    with closing(sqlite3.connect(home / "perdure.db", timeout=10)) as connection, connection:
        return connection.execute("DELETE FROM segments").rowcount


@dataclass(frozen=True)
class Remembered:
    """What came of a run whose store has forgotten its texts."""

    run_id: str
    result: RunResult
    transcript: tuple[TranscriptEntry, ...]


async def run_forgetting(
    client: Client, home: Path, *, team: str, wipe_at: Sequence[int], seconds: float
) -> Remembered:
    """Run a team with the recording model; after so many model calls lose the worker with its caches, and the store.

    Args:
        client: connection to the server.
        home: the data folder.
        team: name of the team.
        wipe_at: model calls before each loss.
        seconds: most time between two losses, in seconds.
    """
    queue = new_queue()
    run = await (await door(client, queue)).start(team, TASK, model="recording")
    for number in wipe_at:
        async with runner(client, home, model_url=None, app=APP, task_queue=queue):
            await _until_asked(number, seconds=seconds)
        assert wipe_segments(home) > 0
    async with runner(client, home, model_url=None, app=APP, task_queue=queue):
        result = await asyncio.wait_for(run.result(), seconds)
        return Remembered(run.id, result, tuple(await conversation(await parts(client, run.id))))


async def _until_asked(number: int, *, seconds: float) -> None:
    await until(lambda: calls() >= number, seconds=seconds, what=f"model call {number}")
