"""Events that wait in a run go with it into its next histories: none is lost, none is heard twice."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from temporalio.client import Client

from tests.support.chaos_chains import conversation, parts, replay
from tests.support.model_server import ModelServer
from tests.support.outside import event, hand_over
from tests.support.running import runner, turns
from tests.support.scripts import chat

APP = ("tests.support.bridge_teams",)
COUNT = 30


async def test_events_are_heard_once_and_in_order_over_many_histories(impatient: Client, tmp_path: Path) -> None:
    with ModelServer(chat) as model:
        async with runner(impatient, tmp_path, model_url=model.url, app=APP) as running:
            run = await running.start("accounting")
            for number in range(1, COUNT + 1):
                again = event(max(1, number - 10))
                news = event(number, type="news", source="/press", data={"what": number})
                await hand_over(running, run, event(number), again, news)
                await asyncio.sleep(0.02)
            result = await run.result(timeout=60)
            chain = await parts(impatient, run.id)
            said = turns(tuple(await conversation(chain)))
    assert len(chain) > 2
    paid = [json.loads(turn.text)["number"] for turn in said if turn.source == "billing"]
    assert paid == list(range(1, COUNT + 1))
    heard = [turn.text for turn in said if turn.source == "outside"]
    assert heard == [f"News: {number}" for number in range(1, COUNT + 1)]
    assert result.usage.turns == 2 * COUNT
    await replay(chain)
