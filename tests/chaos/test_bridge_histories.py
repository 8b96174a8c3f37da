"""Events that wait in a run go with it into its next histories: none is lost, none is heard twice."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from temporalio.client import Client

from tests.support.chaos_chains import conversation, parts, replay
from tests.support.model_server import ModelServer
from tests.support.outside import event, hand_over, opened
from tests.support.running import runner, turns
from tests.support.scripts import chat
from tests.support.waiting import until

APP = ("tests.support.bridge_teams",)
COUNT = 8


async def test_events_are_heard_once_and_in_order_over_many_histories(impatient: Client, tmp_path: Path) -> None:
    with ModelServer(chat) as model:
        async with runner(impatient, tmp_path, model_url=model.url, app=APP) as running, opened(running) as perdure:
            run = await running.start("accounting")
            await until(lambda: model.count() > 0, seconds=30, what="the first turn")
            for number in range(1, COUNT + 1):
                # Payments by their waits, of many subjects; news by signal, each twice.
                await perdure.emit("invoice.paid", subject=f"invoice {number % 4}", data={"number": number})
                news = [event(n, type="news", source="/press", data={"what": n}) for n in (number, max(1, number - 5))]
                await hand_over(running, run, *news)
                await asyncio.sleep(0.05)
            result = await run.result(timeout=100)
            chain = await parts(impatient, run.id)
            said = turns(tuple(await conversation(chain)))
    assert len(chain) > 1
    paid = [json.loads(turn.text)["number"] for turn in said if turn.source == "billing"]
    assert paid == list(range(1, COUNT + 1))
    heard = [turn.text for turn in said if turn.source == "outside"]
    assert heard == [f"News: {number}" for number in range(1, COUNT + 1)]
    assert result.usage.turns == 2 * COUNT
    await replay(chain)
