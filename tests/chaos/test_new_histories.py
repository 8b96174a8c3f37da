"""A run that goes on in new histories says what it would have said in one."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import Client

from tests.support.chaos_chains import conversation, parts, prompts, replay
from tests.support.chaos_teams import keep_talking, lasting
from tests.support.model_server import ModelServer
from tests.support.running import TASK, runner, turns
from tests.support.stock import run_stock

APP = ("tests.support.chaos_app",)


@pytest.mark.parametrize(
    "team",
    [
        "two-60",
        "selector-30",
        "swarm-40",
        "graph-60",
        "nested-16",
        "society-12",
        "asking-16",
        "conditions-40",
        "buffered-60",
        "head_and_tail-60",
    ],
)
async def test_a_chain_of_histories_converses_as_one(team: str, impatient: Client, tmp_path: Path) -> None:
    kind, _, length = team.partition("-")
    with ModelServer(keep_talking) as model:
        stock = await run_stock(lasting(kind, int(length)), TASK, url=model.url)
        wanted = prompts(model)
        model.reset()
        async with runner(impatient, tmp_path, model_url=model.url, app=APP) as worker:
            run = await worker.start(team)
            result = await run.result()
            chain = await parts(impatient, run.id)
            said = await conversation(chain)
        asked = prompts(model)
    assert len(chain) > 1
    assert turns(tuple(said)) == stock.turns
    assert asked == wanted
    assert [entry.index for entry in said] == list(range(len(said)))
    assert result.detail == stock.stop_reason
    assert result.answer == stock.turns[-1].text
    assert result.usage.model_calls == sum(map(len, wanted.values()))
    await replay(chain)
