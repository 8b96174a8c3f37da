"""A worker that can keep two runs in memory serves thirty: each is forgotten and replayed again and again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.runs import RunResult
from tests.support.chaos_teams import keep_talking, lasting
from tests.support.model_server import ModelServer
from tests.support.running import TASK, Runner, runner, turns
from tests.support.stock import StockResult, run_stock

APP = ("tests.support.chaos_app",)
RUNS = 30
KINDS = ("two-12", "swarm-8", "graph-16", "selector-8", "asking-8", "society-8")


@pytest.mark.long
async def test_runs_that_are_forgotten_end_as_they_should(
    client: Client, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    teams = [KINDS[number % len(KINDS)] for number in range(RUNS)]
    with ModelServer(keep_talking) as model:
        stock = {team: await _stock(team, model) for team in KINDS}
        async with runner(client, tmp_path, model_url=model.url, app=APP, max_cached_runs=2) as worker:
            came = await asyncio.gather(*(_run(team, worker) for team in teams))
    for team, (result, said) in zip(teams, came, strict=True):
        assert said == stock[team].turns, team
        assert result.detail == stock[team].stop_reason
    assert "Traceback" not in capfd.readouterr().err
    assert [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


async def _stock(team: str, model: ModelServer) -> StockResult:
    kind, _, length = team.partition("-")
    return await run_stock(lasting(kind, int(length)), TASK, url=model.url)


async def _run(team: str, worker: Runner) -> tuple[RunResult, object]:
    run = await worker.start(team)
    result = await run.result()
    return result, turns(await run.transcript())
