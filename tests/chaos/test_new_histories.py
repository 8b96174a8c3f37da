"""A run that goes on in new histories says what it would have said in one."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.errors import RunCancelled
from contracts.runs import Budget
from tests.support.chaos_chains import conversation, parts, prompts, replay, report
from tests.support.chaos_client import calls, take_seen
from tests.support.chaos_teams import keep_talking, lasting
from tests.support.model_server import ModelServer
from tests.support.running import TASK, runner, turns
from tests.support.stock import run_stock
from tests.support.waiting import until

APP = ("tests.support.chaos_app",)


@pytest.mark.parametrize(
    "team",
    [
        pytest.param("two-60", marks=pytest.mark.long),
        pytest.param("selector-30", marks=pytest.mark.long),
        pytest.param("swarm-40", marks=pytest.mark.long),
        pytest.param("graph-60", marks=pytest.mark.long),
        pytest.param("nested-16", marks=pytest.mark.long),
        "society-12",
        pytest.param("asking-16", marks=pytest.mark.long),
        "conditions-40",
        pytest.param("buffered-60", marks=pytest.mark.long),
        pytest.param("head_and_tail-60", marks=pytest.mark.long),
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


@pytest.mark.long
async def test_a_long_conversation_is_not_handed_on_more_often_than_it_doubles(
    impatient: Client, tmp_path: Path
) -> None:
    async with runner(impatient, tmp_path, model_url=None, app=APP) as worker:
        run = await worker.start("two-200", model="recording-long")
        result = await run.result()
        chain = await parts(impatient, run.id)
    sizes = [part.size for part in chain]
    report(f"two-200 in {len(chain)} histories: {sum(sizes) / result.usage.model_calls:.0f} bytes a call; {sizes}")
    assert result.usage.model_calls == 200
    assert 3 <= len(chain) <= 6
    assert sum(sizes) / result.usage.model_calls <= 6 * 1024


@pytest.mark.parametrize(
    ("budget", "spent"),
    [
        (Budget(model_calls=50), "model_calls: 50 of 50 used"),
        (Budget(turns=50), "turns: 50 of 50 used"),
    ],
    ids=["model calls", "turns"],
)
async def test_a_budget_counts_over_all_histories(
    budget: Budget, spent: str, impatient: Client, tmp_path: Path
) -> None:
    async with runner(impatient, tmp_path, model_url=None, app=APP) as worker:
        run = await worker.start("two-60", model="recording", budget=budget)
        result = await run.result()
        chain = await parts(impatient, run.id)
        said = await run.transcript()
    assert len(chain) > 1
    assert result.stop_reason == "budget"
    assert (result.detail or "").startswith(spent)
    assert result.usage.model_calls == 50
    assert result.answer == said[-1].text


async def test_a_run_is_cancelled_in_a_later_history(impatient: Client, tmp_path: Path) -> None:
    take_seen()
    async with runner(impatient, tmp_path, model_url=None, app=APP) as worker:
        run = await worker.start("two-1500", model="recording")
        await until(lambda: calls() >= 50, seconds=60, what="call 50")
        await run.cancel()
        with pytest.raises(RunCancelled):
            await run.result()
        chain = await parts(impatient, run.id)
    assert len(chain) > 1
