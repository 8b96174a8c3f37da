"""The store of texts is a cache: what it loses is sent again, and the model sees what it would have seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from autogen_agentchat.messages import BaseChatMessage
from temporalio.client import Client

from tests.support.chaos_chains import Part, parts, replay
from tests.support.chaos_client import RecordingContext, take_seen
from tests.support.chaos_stores import run_forgetting
from tests.support.chaos_teams import lasting
from tests.support.running import TASK, turns
from tests.support.teams import Turn


@pytest.mark.long
@pytest.mark.parametrize("team", ["two-60", "selector-30", "magentic-20"])
async def test_a_store_that_forgets_changes_no_prompt(team: str, impatient: Client, tmp_path: Path) -> None:
    chain = await _same_as_stock(team, impatient, tmp_path)
    assert (len(chain) > 1) is not team.startswith("magentic")
    await replay(chain)


@pytest.mark.long
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("team", ["two-1500", "buffered-1500", "head_and_tail-1500", "selector-700", "magentic-760"])
async def test_fifteen_hundred_calls_with_a_store_that_forgets(team: str, client: Client, tmp_path: Path) -> None:
    chain = await _same_as_stock(team, client, tmp_path, least_calls=1_500)
    assert (len(chain) > 1) is not team.startswith("magentic")


async def _same_as_stock(team: str, client: Client, folder: Path, *, least_calls: int = 1) -> list[Part]:
    kind, _, length = team.partition("-")
    take_seen()
    stock = await lasting(kind, int(length))(RecordingContext()).run(task=TASK)
    wanted = take_seen()
    calls = sum(map(len, wanted.values()))
    assert calls >= least_calls
    wipe_at = (calls // 3, calls * 2 // 3)
    came = await run_forgetting(client, folder, team=team, wipe_at=wipe_at, seconds=600)
    assert take_seen() == wanted
    said = [
        Turn(message.source, message.to_text()) for message in stock.messages if isinstance(message, BaseChatMessage)
    ]
    assert list(turns(came.transcript)) == said
    assert came.result.usage.model_calls == calls
    assert came.result.detail == stock.stop_reason
    assert came.result.answer == said[-1].text
    return await parts(client, came.run_id)
