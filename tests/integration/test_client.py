"""The client, against a stand-in for the workflow: what it starts, follows, finds and refuses."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from contracts.errors import (
    BackendUnavailable,
    BadRequest,
    NotFound,
    PayloadTooLarge,
    RunCancelled,
    RunFailed,
    RunStuck,
)
from contracts.runs import Budget, Carried, RunRequest, RunResult, TranscriptEntry, TranscriptPage, Usage
from perdure import Perdure, Settings
from perdure.run import Run
from perdure.settings import TemporalSettings
from perdure.temporal_server import TemporalServer
from tests.support.command_line import ROOT
from tests.support.running import door, new_queue


@activity.defn
async def always_fails() -> None:
    """Fail, to be tried again."""
    raise ApplicationError("the network is down", type="ModelUnavailable")


@workflow.defn(name="AgentRun", sandboxed=False)
class StandIn:
    """Does what the team's name says, three entries at a time."""

    @workflow.init
    def __init__(self, request: RunRequest) -> None:
        self._first = request.carried.entries if request.carried else 0
        self._entries: list[TranscriptEntry] = []
        self._closed = False

    @workflow.run
    async def run(self, request: RunRequest) -> RunResult:
        """Say three things, then end in one of several ways."""
        for _ in range(3):
            index = self._first + len(self._entries)
            entry = TranscriptEntry(index=index, turn=index + 1, kind="message", source="ann", text=f"entry {index}")
            self._entries.append(entry)
            await workflow.sleep(0.01)
        await self._way(request)
        self._closed = True
        return RunResult(run_id=request.run_id, team=request.team, answer="done", stop_reason="finished")

    @workflow.query
    def transcript(self, after: int) -> TranscriptPage:
        """Entries of this part."""
        entries = tuple(entry for entry in self._entries if entry.index >= after)
        return TranscriptPage(entries=entries, usage=Usage(), closed=self._closed)

    async def _way(self, request: RunRequest) -> None:
        if request.team == "chain" and self._first < 6:
            carried = Carried(checkpoint="c", pages=1, entries=self._first + 3, started=0.0)
            workflow.continue_as_new(request.model_copy(update={"carried": carried}))
        if request.team == "stuck":
            raise KeyError("no such agent")
        if request.team == "fails":
            raise ApplicationError("the key is wrong: set another", type="ModelRefused", non_retryable=True)
        if request.team == "waits":
            await workflow.wait_condition(lambda: False)
        if request.team == "retries":
            await workflow.execute_activity(
                always_fails,
                activity_id="ann:1",
                start_to_close_timeout=timedelta(seconds=5),
                retry_policy=RetryPolicy(initial_interval=timedelta(seconds=60)),
            )


@pytest.fixture(scope="module")
async def perdure(client: Client) -> AsyncIterator[Perdure]:
    """The client, on a queue that a stand-in serves."""
    queue = new_queue()
    async with Worker(client, task_queue=queue, workflows=[StandIn], activities=[always_fails]):
        yield await door(client, queue)


async def texts(run: Run, after: int = 0) -> list[str]:
    return [entry.text async for entry in run.events(after)]


async def seen_waiting(run: Run) -> None:
    """Return when a run has said all that it says before it waits."""
    while len(await run.transcript()) < 3:
        await asyncio.sleep(0.05)


async def test_a_run_is_started_followed_and_returns(perdure: Perdure) -> None:
    run = await perdure.start("talks", "Say it.")
    assert await texts(run) == ["entry 0", "entry 1", "entry 2"]
    result = await run.result()
    assert (result.run_id, result.answer) == (run.id, "done")
    assert run.id.startswith("talks-")


async def test_events_go_on_over_continue_as_new_and_from_any_index(perdure: Perdure) -> None:
    run = await perdure.start("chain", "x")
    everything = [f"entry {number}" for number in range(9)]
    assert await texts(run) == everything
    assert await texts(run, 4) == everything[4:]
    assert [entry.text for entry in await run.transcript()] == everything
    assert (await run.result()).answer == "done"
    found = await perdure.get(run.id)
    assert await texts(found) == everything
    assert (await found.describe()).task == "x"


async def test_a_reader_may_leave_in_the_middle(perdure: Perdure) -> None:
    run = await perdure.start("chain", "x")
    async for entry in run.events():
        if entry.index == 1:
            break
    assert await texts(run, 2) == [f"entry {number}" for number in range(2, 9)]


async def test_starting_an_id_again_returns_the_run_that_is_there(perdure: Perdure) -> None:
    first = await perdure.start("waits", "x", run_id="one")
    again = await perdure.start("talks", "y", run_id="one")
    assert (await again.describe()).team == "waits"
    await first.cancel()
    with pytest.raises(RunCancelled):
        await first.result()
    closed = await perdure.start("talks", "z", run_id="one")
    assert (await closed.describe()).status == "cancelled"
    with pytest.raises(RunCancelled, match="run 'one' was cancelled"):
        await closed.result()


async def test_a_failure_has_its_type_and_its_exit_code(perdure: Perdure) -> None:
    run = await perdure.start("fails", "x")
    with pytest.raises(RunFailed, match="the key is wrong: set another") as caught:
        await run.result()
    assert (caught.value.kind, caught.value.run_id, caught.value.exit_code) == ("ModelRefused", run.id, 1)
    described = await run.describe()
    assert described.status == "failed"
    assert described.failure is not None
    assert (described.failure.kind, described.failure.message) == ("ModelRefused", "the key is wrong: set another")
    assert await texts(run) == ["entry 0", "entry 1", "entry 2"]


async def test_a_terminated_run_has_failed(perdure: Perdure, client: Client) -> None:
    run = await perdure.start("waits", "x")
    await client.get_workflow_handle(run.id).terminate(reason="by hand")
    with pytest.raises(RunFailed, match="by hand") as caught:
        await run.result()
    assert caught.value.kind == "Terminated"
    assert (await run.describe()).status == "terminated"


async def test_a_stuck_run_is_told_of_with_the_reason_and_kept(perdure: Perdure) -> None:
    run = await perdure.start("stuck", "x")
    async with asyncio.timeout(10):
        with pytest.raises(RunStuck, match="KeyError: 'no such agent'"):
            await run.result()
    async with asyncio.timeout(10):
        with pytest.raises(RunStuck, match="it is kept, and goes on once"):
            await texts(run)
    described = await run.describe()
    assert (described.status, described.stuck) == ("running", "KeyError: 'no such agent'")
    with pytest.raises(TimeoutError, match=r"has not ended after 0\.1 s; it goes on"):
        await run.result(timeout=0.1, wait_when_stuck=True)


async def test_waiting_has_an_end_and_the_run_goes_on(perdure: Perdure) -> None:
    run = await perdure.start("waits", "x")
    with pytest.raises(TimeoutError):
        await run.result(timeout=0.2)
    assert (await run.describe()).status == "running"
    await run.cancel()


async def test_a_call_that_fails_shows_in_the_description(perdure: Perdure) -> None:
    run = await perdure.start("retries", "x")
    while not (pending := (await run.describe()).pending) or pending[0].last_failure is None:
        await asyncio.sleep(0.05)
    assert (pending[0].activity_id, pending[0].name, pending[0].attempt) == ("ann:1", "always_fails", 2)
    assert pending[0].last_failure == "ModelUnavailable: the network is down"
    assert pending[0].next_attempt is not None
    await run.cancel()


async def test_runs_are_found_by_team_user_and_session(perdure: Perdure) -> None:
    who: dict[str, Any] = {"user": "O'Neil", "session": "s-9"}
    started = [await perdure.start(team, "x", **who) for team in ("talks", "waits")]
    await started[0].result()
    await asyncio.sleep(1)
    found = [summary async for summary in perdure.runs(user="O'Neil", session="s-9")]
    assert [(summary.run_id, summary.team, summary.status) for summary in found] == [
        (started[1].id, "waits", "running"),
        (started[0].id, "talks", "completed"),
    ]
    assert (found[0].user, found[0].session, found[0].closed) == ("O'Neil", "s-9", None)
    assert [summary.run_id async for summary in perdure.runs(1, user="O'Neil", team="talks")] == [started[0].id]
    assert [summary async for summary in perdure.runs(user="nobody")] == []
    await started[1].cancel()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"task": ""}, "task: the task is empty"),
        ({"task": " \n"}, "task: the task is empty"),
        ({"task": "a\x00b"}, r"task: the task holds the control character '\\x00' at position 1"),
        ({"task": "x" * 5_000_000}, "task: the task is 5,000,000 bytes, at most 204,800 are allowed"),
        ({"team": ""}, "team: String should have at least 1 character"),
        ({"run_id": "a/b"}, "run_id: run id 'a/b' must be"),
        ({"user": "u" * 201}, "scope.user: String should have at most 200 characters"),
    ],
)
async def test_a_wrong_request_is_refused_by_field(perdure: Perdure, values: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRequest, match=words) as caught:
        await perdure.start(**{"team": "talks", "task": "x", **values})
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


async def test_a_request_that_is_too_large_as_a_whole_is_refused(perdure: Perdure) -> None:
    with pytest.raises(PayloadTooLarge, match="more than the 262,144 bytes that one event may hold"):
        await perdure.start("talks", "x", component={"config": "y" * 300_000})


async def test_a_run_that_is_not_there_is_not_found(perdure: Perdure) -> None:
    with pytest.raises(NotFound, match="there is no run 'nobody'"):
        await perdure.get("nobody")


async def test_what_a_run_is_asked_reaches_the_workflow(perdure: Perdure, client: Client, tmp_path: Path) -> None:
    budget = Budget(turns=3, usd=0.5)
    run = await perdure.start("waits", "x", user="ada", session="s", budget=budget, files=tmp_path, model="fast")
    await seen_waiting(run)
    history = await client.get_workflow_handle(run.id).fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    (request,) = await client.data_converter.decode(started.input.payloads, [RunRequest])
    assert (request.scope.user, request.scope.session) == ("ada", "s")
    assert (request.budget, request.files, request.model) == (budget, str(tmp_path), "fast")
    assert started.workflow_task_timeout.ToSeconds() == 8
    found = await client.get_workflow_handle(run.id).describe()
    attributes = {pair.key.name: pair.value for pair in found.typed_search_attributes}
    expected = {"PerdureTeam": "waits", "PerdureUser": "ada", "PerdureSession": "s", "PerdurePhase": "running"}
    assert expected.items() <= attributes.items()
    assert await found.static_summary() == "waits: x"
    await run.cancel()


async def test_connecting_is_awaited_or_entered(temporal: TemporalServer, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, temporal=TemporalSettings(address=temporal.place.address))
    async with Perdure.connect(settings) as perdure:
        assert len([summary async for summary in perdure.runs(1)]) <= 1
    assert isinstance(await Perdure.connect(settings), Perdure)


async def test_a_server_that_is_away_is_named(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, temporal=TemporalSettings(address="127.0.0.1:1"))
    with pytest.raises(BackendUnavailable, match=r"Temporal does not answer at 127\.0\.0\.1:1 \(connection refused\)"):
        await Perdure.connect(settings)


SCRIPT = """
import asyncio, sys
from perdure import Perdure

async def main():
    async with Perdure.connect() as perdure:
        run = await perdure.get(sys.argv[1])
        async for event in run.events():
            break
        print((await run.result()).answer)

asyncio.run(main())
"""


@pytest.mark.long
async def test_a_program_that_ends_after_its_last_call_ends_well(perdure: Perdure, temporal: TemporalServer) -> None:
    run = await perdure.start("talks", "x")
    await run.result()
    environ = {**os.environ, "TEMPORAL_ADDRESS": temporal.place.address, "PYTHONPATH": str(ROOT)}
    for _ in range(6):
        pair = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", SCRIPT, run.id, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            for _ in range(2)
        ]
        said = [await process.communicate() for process in pair]
        assert said == [(b"done\n", b"")] * 2
        assert [process.returncode for process in pair] == [0, 0]
