"""A worker whose state, events and texts are in PostgreSQL and Redis, and nothing in its data folder."""

from __future__ import annotations

import asyncio

import pytest

from contracts.runs import RunResult
from perdure import Perdure
from perdure.settings import Settings
from tests.conftest import NewRunner

TEAM = "round_robin"


@pytest.mark.parametrize("state_backend", ["postgresql-redis"], indirect=True)
async def test_events_start_runs_whose_texts_and_state_are_in_the_servers(
    new_runner: NewRunner, state_settings: Settings
) -> None:
    async with new_runner(stores=state_settings) as running:
        await running.perdure.triggers.add(
            {"name": "asked", "type": "question", "start_team": {"team": TEAM, "task": "${event.data}"}}
        )
        await running.perdure.emit("question", data="Do the work.", id="q-1")
        result = await _first_run(running.perdure)
        await running.perdure.state.put("answers/q-1", {"text": result.answer})
        kept = await running.perdure.state.get("answers/q-1")
        assert kept is not None
        assert kept.value == {"text": result.answer}
        assert result.usage.model_calls > 1
    assert not list(running.settings.home.glob("*.db"))


async def _first_run(perdure: Perdure) -> RunResult:
    async with asyncio.timeout(30):
        while not (found := [run.run_id async for run in perdure.runs(team=TEAM) if run.run_id.startswith("event-")]):
            await asyncio.sleep(0.1)
    return await (await perdure.get(found[0])).result()
