"""Worker processes with other hash seeds schedule the same commands, in the same order."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from temporalio.client import Client

from tests.support.model_server import ModelServer
from tests.support.running import APP, TASK, door, new_queue, scheduled
from tests.support.seeded_worker import seeded_worker
from tests.support.stock import KEY, MODEL
from tests.support.teams import TEAMS

SEEDS = ("1", "2", "3")

Commands = dict[str, list[tuple[str, str]]]


@pytest.mark.long
async def test_commands_do_not_depend_on_the_hash_seed(
    client: Client, model_server: ModelServer, tmp_path: Path
) -> None:
    first, second, third = await asyncio.gather(
        *(_commands(seed, client, model_server.url, tmp_path) for seed in SEEDS)
    )
    for name in TEAMS:
        assert first[name] == second[name] == third[name], name
    starts = [id_ for _, id_ in first["graph_parallel"]]
    assert starts == ["alpha:1", "bravo:1", "charlie:1", "delta:1", "echo:1", "join:1"]


async def _commands(seed: str, client: Client, model_url: str, folder: Path) -> Commands:
    queue = new_queue()
    environ = {
        "PYTHONHASHSEED": seed,
        "TEMPORAL_ADDRESS": client.service_client.config.target_host,
        "PERDURE_HOME": str(folder / seed),
        "PERDURE_APP": APP,
        "PERDURE_MODEL": MODEL,
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": model_url,
    }
    async with seeded_worker(queue, environ):
        perdure = await door(client, queue)
        runs = {name: await perdure.start(name, TASK) for name in TEAMS}
        await asyncio.gather(*(run.result(timeout=60) for run in runs.values()))
    histories = {name: await client.get_workflow_handle(run.id).fetch_history() for name, run in runs.items()}
    return {
        name: [(activity.activity_type.name, activity.activity_id) for activity in scheduled(history)]
        for name, history in histories.items()
    }
