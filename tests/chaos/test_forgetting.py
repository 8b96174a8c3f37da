"""The store of texts is a cache: what it loses is sent again, and the model sees what it would have seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import Client

from tests.support.chaos_chains import Part, parts, prompts, replay
from tests.support.chaos_stores import run_forgetting
from tests.support.chaos_teams import keep_talking, lasting
from tests.support.model_server import ModelServer
from tests.support.running import TASK, turns
from tests.support.stock import run_stock


# The stock run's structured answers to MagenticOne make Pydantic warn.
pytestmark = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")


@pytest.mark.parametrize("team", ["two-60", "buffered-60", "head_and_tail-60", "selector-30", "magentic-20"])
async def test_a_store_that_forgets_changes_no_prompt(team: str, impatient: Client, tmp_path: Path) -> None:
    chain = await _same_as_stock(team, impatient, tmp_path)
    assert (len(chain) > 1) is not team.startswith("magentic")
    await replay(chain)


@pytest.mark.long
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("team", ["two-1500", "buffered-1500", "head_and_tail-1500", "selector-700", "magentic-700"])
async def test_fifteen_hundred_calls_with_a_store_that_forgets(team: str, client: Client, tmp_path: Path) -> None:
    chain = await _same_as_stock(team, client, tmp_path, least_calls=1_500)
    assert (len(chain) > 1) is not team.startswith("magentic")


async def _same_as_stock(team: str, client: Client, folder: Path, *, least_calls: int = 1) -> list[Part]:
    kind, _, length = team.partition("-")
    with ModelServer(keep_talking, keep_bodies=False) as model:
        stock = await run_stock(lasting(kind, int(length)), TASK, url=model.url)
        wanted, calls = prompts(model), len(model.requests)
        model.reset()
        wipe_at = (calls // 3, calls * 2 // 3)
        came = await run_forgetting(client, folder, model, team=team, wipe_at=wipe_at, seconds=600)
        seen = prompts(model)
    assert calls >= least_calls
    assert seen == wanted
    assert turns(came.transcript) == stock.turns
    assert came.result.usage.model_calls == calls
    assert came.result.detail == stock.stop_reason
    assert came.result.answer == stock.turns[-1].text
    return await parts(client, came.run_id)
