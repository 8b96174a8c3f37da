"""A run has one id: starting it again, at once or after its end, is the same run."""

from __future__ import annotations

import asyncio

import pytest

from contracts.errors import BadRequest, NotFound, RunFailed
from tests.support import answers
from tests.support.model_server import ModelServer
from tests.support.rules import always
from tests.support.running import Runner, new_queue


async def test_starting_an_id_again_returns_the_run_that_is_there(model_server: ModelServer, running: Runner) -> None:
    run_id = new_queue()
    first, second = await asyncio.gather(*(running.start("round_robin", run_id=run_id) for _ in range(2)))
    results = await asyncio.gather(first.result(timeout=20), second.result(timeout=20))
    assert results[0] == results[1]
    assert (first.id, second.id) == (run_id, run_id)
    assert model_server.count() == 6


async def test_starting_the_id_of_a_run_that_has_ended_runs_nothing(model_server: ModelServer, running: Runner) -> None:
    run_id = new_queue()
    result = await (await running.start("single", run_id=run_id)).result(timeout=20)
    again = await running.start("round_robin", "Something else.", run_id=run_id)
    assert await again.result(timeout=20) == result
    assert await again.transcript() == await (await running.perdure.get(run_id)).transcript()
    assert model_server.count() == 1


async def test_starting_the_id_of_a_run_that_failed_runs_nothing(model_server: ModelServer, running: Runner) -> None:
    model_server.reset(always(answers.wrong_key()))
    run_id = new_queue()
    for _ in range(2):
        run = await running.start("single", run_id=run_id)
        with pytest.raises(RunFailed, match="Incorrect API key"):
            await run.result(timeout=20)
    assert model_server.count() == 1


async def test_runs_without_an_id_get_one_each(running: Runner) -> None:
    runs = [await running.start("single") for _ in range(2)]
    assert runs[0].id != runs[1].id
    for run in runs:
        await run.result(timeout=20)


@pytest.mark.parametrize("run_id", ["", "-leading", "with space", "*", "a/b", "x" * 201])
async def test_odd_ids_are_refused(run_id: str, running: Runner) -> None:
    if run_id:
        with pytest.raises(BadRequest, match="run id"):
            await running.start("single", run_id=run_id)
    with pytest.raises(NotFound):
        await running.perdure.get(run_id or "no-such-run")
