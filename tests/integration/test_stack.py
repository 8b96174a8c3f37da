"""Stacks that come and go: one for a run, one for all, what is killed, what is taken, what is missing."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from pathlib import Path
from subprocess import PIPE

import pytest
from temporalio import workflow
from temporalio.client import WorkflowExecutionStatus
from temporalio.worker import Worker

from contracts.runs import RunRequest
from perdure import connection
from perdure.settings import TemporalSettings
from perdure.stack_record import StackFolder, StackRecord
from perdure.temporal_server import TemporalServer
from tests.support import rules
from tests.support.command_line import ROOT, CommandLine, ended
from tests.support.model_server import ModelServer
from tests.support.rules import waiting
from tests.support.scripts import teams
from tests.support.stock import KEY, MODEL
from tests.support.waiting import until


@workflow.defn(name="AgentRun", sandboxed=False)
class Broken:
    """Stands for a run whose workflow task fails again and again."""

    @workflow.run
    async def run(self, request: RunRequest) -> None:
        """Fail as code does that was not meant to."""
        raise ImportError("cannot import name 'team' from 'shop'")


pytestmark = pytest.mark.usefixtures("binary")


def using(command_line: CommandLine, models: ModelServer) -> CommandLine:
    return command_line.with_(
        PERDURE_APP="tests.support.app", OPENAI_BASE_URL=models.url, OPENAI_API_KEY=KEY, PERDURE_MODEL=MODEL
    )


def processes_of(home: Path) -> list[str]:
    """Command lines of the servers and workers of a data folder."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            environ, command = (folder / "environ").read_bytes(), (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if str(home).encode() in environ + command and (b"start-dev" in command or b"worker" in command):
            found.append(command.replace(b"\0", b" ").decode())
    return found


def runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def record_of(command_line: CommandLine) -> StackRecord:
    """The record of a stack, as soon as its worker is there."""
    folder = StackFolder(command_line.home)
    await until(lambda: bool((found := folder.read()) and found.worker_pid), seconds=30, what="a stack with a worker")
    record = folder.read()
    assert record is not None
    return record


async def test_a_run_has_a_stack_of_its_own_and_leaves_nothing_but_its_data(command_line: CommandLine) -> None:
    (command_line.folder / "README.md").write_text("# Mine\n")
    run = await command_line.run("run", "survey", "Survey it.", "--files", ".", "--json")
    assert (run.code, run.json["status"]) == (0, "completed"), run.err
    assert run.err.count("the scripted model answered, not a real one") + run.err.count("which is not a real one") == 1
    assert processes_of(command_line.home) == []
    assert StackFolder(command_line.home).read() is None
    listed = await command_line.run("runs", "--json")
    assert [entry["run_id"] for entry in listed.json] == [run.json["run_id"]]
    shown = await command_line.run("show", run.json["run_id"], "--json")
    assert shown.json["transcript"] == run.json["transcript"]
    assert processes_of(command_line.home) == []


@pytest.mark.long
async def test_two_runs_at_once_share_one_stack(command_line: CommandLine) -> None:
    with ModelServer(rules.halt_after(0)) as models:
        own = using(command_line, models)
        first = await own.start("run", "single", "x", "--id", "first")
        record = await record_of(own)
        second = await own.start("run", "single", "x", "--id", "second")
        await until(lambda: models.count(waiting) == 2, seconds=30)
        assert StackFolder(own.home).running() == record
        assert len(processes_of(own.home)) == 2
        first.send_signal(signal.SIGINT)
        await asyncio.sleep(1.5)
        # The first one owns the stack that the second one still needs.
        assert first.returncode is None
        assert models.count(waiting) == 1
        second.send_signal(signal.SIGINT)
        assert [(await ended(process)).code for process in (second, first)] == [130, 130]
    assert processes_of(command_line.home) == []


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.long),
        pytest.param(signal.SIGHUP, marks=pytest.mark.long),
    ],
)
async def test_a_stack_that_is_told_to_stop_stops_all_of_it(command_line: CommandLine, number: signal.Signals) -> None:
    process = await command_line.start("up", "--json", "--port", "0", "--ui-port", "0")
    record = await record_of(command_line)
    process.send_signal(number)
    assert (await ended(process)).code == 0
    assert not runs(record.server_pid)
    assert not runs(record.worker_pid or 0)
    assert processes_of(command_line.home) == []
    assert StackFolder(command_line.home).read() is None


@pytest.mark.long
async def test_a_stack_that_is_killed_leaves_nothing_running_and_can_be_started_again(
    command_line: CommandLine,
) -> None:
    process = await command_line.start("up", "--port", "0", "--ui-port", "0")
    await record_of(command_line)
    process.kill()
    await ended(process)
    await until(lambda: processes_of(command_line.home) == [], seconds=2)
    assert (await command_line.run("runs", "--json")).json == []


@pytest.mark.long
async def test_a_worker_that_is_killed_is_started_again_and_goes_on(command_line: CommandLine) -> None:
    with ModelServer(rules.halt_after(1)) as models:
        own = using(command_line, models)
        process = await own.start("run", "round_robin", "x", "--json")
        record = await record_of(own)
        await until(lambda: models.count(waiting) == 1, seconds=30)
        models.reset(teams)
        assert record.worker_pid
        os.kill(record.worker_pid, signal.SIGKILL)
        run = await ended(process, seconds=30)
    assert (run.code, run.json["status"]) == (0, "completed")
    assert "the worker ended unexpectedly (-9)" in run.err


async def test_a_server_that_dies_ends_the_run_with_one_line(command_line: CommandLine) -> None:
    with ModelServer(rules.halt_after(0)) as models:
        own = using(command_line, models)
        process = await own.start("run", "round_robin", "x")
        record = await record_of(own)
        await until(lambda: models.count(waiting) == 1, seconds=30)
        os.kill(record.server_pid, signal.SIGKILL)
        run = await ended(process, seconds=20)
    assert run.code == 3
    assert run.err.startswith("error: the Temporal server ended (-9); its log is ")
    assert processes_of(command_line.home) == []


@pytest.mark.parametrize(
    ("arguments", "app", "words"),
    [
        (("run", "survey", "x"), "no_such_app", "'no_such_app' cannot be imported: ModuleNotFoundError"),
        (("up", "--port", "0", "--ui-port", "0"), "broken", "'broken' cannot be imported: ZeroDivisionError"),
    ],
)
async def test_an_app_that_cannot_be_imported_is_told_by_one_line(
    command_line: CommandLine, arguments: tuple[str, ...], app: str, words: str
) -> None:
    (command_line.folder / "broken.py").write_text("1 / 0\n")
    run = await command_line.with_(PERDURE_APP=app).run(*arguments)
    assert (run.code, run.out) == (3, "")
    assert run.err.startswith("error: the worker cannot start: ")
    assert words in run.err
    assert run.err.count("\n") == 1
    assert processes_of(command_line.home) == []


@pytest.mark.long
async def test_a_server_that_is_set_is_used_and_lacks_a_worker_at_first(
    command_line: CommandLine, lone_server: TemporalServer
) -> None:
    address = lone_server.place.address
    set_ = command_line.with_(TEMPORAL_ADDRESS=address, PERDURE_TEMPORAL_UI=lone_server.place.ui)
    run = await set_.run("run", "survey", "x", "--files", ".")
    assert run.code == 0, run.err
    assert run.err.startswith("no worker serves this Temporal server: starting one for this command\n")
    assert run.out.splitlines()[-1].startswith(f"{lone_server.place.ui}/namespaces/default/workflows/survey-")
    assert not (command_line.home / "temporal.db").exists()
    refused = await set_.run("up")
    assert refused.code == 3
    assert f"a Temporal server is set already ({address})" in refused.err
    worker = await set_.start("worker", "--json")
    assert worker.stdout is not None
    assert b'"task_queue": "perdure"' in await worker.stdout.readline()
    client = await connection.connect(TemporalSettings(address=address))
    while connection.identity(worker.pid) not in await connection.worker_identities(client):
        await asyncio.sleep(0.1)
    worker.send_signal(signal.SIGTERM)
    assert (await ended(worker)).code == 0
    assert await connection.worker_identities(client) == []


@pytest.mark.parametrize("command", [("run", "survey", "x"), ("runs",), ("show", "x"), ("cancel", "x"), ("worker",)])
async def test_a_server_that_does_not_answer_is_named_with_the_remedy(
    command_line: CommandLine, command: tuple[str, ...]
) -> None:
    run = await command_line.with_(TEMPORAL_ADDRESS="127.0.0.1:1").run(*command)
    assert (run.code, run.out) == (3, "")
    assert run.err.startswith("error: Temporal does not answer at 127.0.0.1:1 (connection refused): start one with ")
    assert run.err.count("\n") == 1
    assert run.seconds < 10


@pytest.mark.long
async def test_a_server_that_is_silent_is_given_up_in_time(command_line: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        run = await command_line.with_(TEMPORAL_ADDRESS=f"127.0.0.1:{port}").run("runs")
    assert run.code == 3
    assert "Temporal does not answer" in run.err
    assert run.seconds < 10


async def test_a_namespace_that_is_not_there_is_named(command_line: CommandLine, temporal: TemporalServer) -> None:
    run = await command_line.with_(TEMPORAL_ADDRESS=temporal.place.address, TEMPORAL_NAMESPACE="nope").run("runs")
    assert run.code == 3
    assert "has no namespace 'nope'" in run.err


async def test_a_data_folder_that_cannot_be_written_is_named(command_line: CommandLine) -> None:
    (command_line.folder / "file").touch()
    for command in (("run", "survey", "x"), ("up",)):
        run = await command_line.with_(PERDURE_HOME="file/home").run(*command)
        assert (run.code, run.out) == (3, "")
        assert "file/home cannot be written (Not a directory): set PERDURE_HOME" in run.err
        assert run.err.count("\n") == 1


async def test_without_any_way_to_the_server_the_remedies_are_named(command_line: CommandLine) -> None:
    empty = command_line.folder / "empty"
    empty.mkdir()
    nowhere = "http://127.0.0.1:1"
    bare = command_line.with_(PATH=str(empty), XDG_CACHE_HOME=str(empty), HTTPS_PROXY=nowhere, https_proxy=nowhere)
    run = await bare.run("run", "survey", "x")
    assert run.code == 3
    last = run.err.splitlines()[-1]
    assert last.startswith("error: the Temporal dev server is missing (it could not be downloaded; Go is not there")
    for remedy in ("install the Temporal CLI", "install Go", "set TEMPORAL_ADDRESS"):
        assert remedy in last


async def test_go_that_cannot_build_the_server_is_quoted(command_line: CommandLine) -> None:
    tools = command_line.folder / "tools"
    tools.mkdir()
    go = tools / "go"
    go.write_text("#!/bin/sh\necho 'no space left' >&2\nexit 1\n")
    go.chmod(0o755)
    nowhere = "http://127.0.0.1:1"
    path = f"{tools}:{Path(shutil.which('sh') or '/bin/sh').parent}"
    own = command_line.with_(PATH=path, XDG_CACHE_HOME=str(tools), HTTPS_PROXY=nowhere, https_proxy=nowhere)
    run = await own.run("run", "survey", "x")
    assert run.code == 3
    assert "building the Temporal dev server with Go" in run.err
    assert "Go could not build it: no space left" in run.err.splitlines()[-1]


@pytest.mark.long
async def test_a_worker_that_went_away_unseen_is_stood_in_for(
    command_line: CommandLine, lone_server: TemporalServer
) -> None:
    set_ = command_line.with_(TEMPORAL_ADDRESS=lone_server.place.address)
    client = await connection.connect(TemporalSettings(address=lone_server.place.address))
    # What a worker on another machine leaves behind for five minutes.
    elsewhere = Worker(client, task_queue=connection.TASK_QUEUE, workflows=[Broken], identity="1@elsewhere")
    async with elsewhere:
        while await connection.worker_identities(client) != ["1@elsewhere"]:
            await asyncio.sleep(0.1)
    run = await set_.run("run", "survey", "x", "--files", ".", "--json")
    assert (run.code, run.json["status"]) == (0, "completed")
    assert run.err.startswith("no worker takes the run: starting one for this command\n")


@pytest.mark.long
async def test_a_run_that_is_stuck_is_told_of_by_one_line_and_kept(
    command_line: CommandLine, lone_server: TemporalServer
) -> None:
    set_ = command_line.with_(TEMPORAL_ADDRESS=lone_server.place.address)
    client = await connection.connect(TemporalSettings(address=lone_server.place.address))
    async with Worker(client, task_queue=connection.TASK_QUEUE, workflows=[Broken]):
        while not await connection.worker_identities(client):
            await asyncio.sleep(0.1)
        run = await set_.run("run", "shop", "x", "--id", "stuck")
        assert (run.code, run.err.count("\n")) == (3, 1)
        assert run.seconds < 10
        assert run.err.startswith("error: run 'stuck' is stuck, its workflow task fails again and again: ImportError: ")
        shown = await set_.run("show", "stuck")
    assert "status   stuck" in shown.out
    assert "its workflow task fails again and again: ImportError: cannot import name 'team' from 'shop'" in shown.out
    assert (await client.get_workflow_handle("stuck").describe()).status is WorkflowExecutionStatus.RUNNING


async def test_worker_py_is_the_command(command_line: CommandLine) -> None:
    environ = {**command_line.environ, "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, ROOT / "worker.py", cwd=command_line.folder, env=environ, stdout=PIPE, stderr=PIPE
    )
    worker = await ended(process)
    assert worker.code == 3
    assert worker.err.startswith("error: Temporal does not answer at 127.0.0.1:1")
    assert worker.err.count("\n") == 1


async def test_the_doctor_says_what_is_missing_and_what_to_do(command_line: CommandLine) -> None:
    well = await command_line.run("doctor")
    assert well.code == 0
    assert "ok       package agents: Perdure's own" in well.out
    assert "set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own, to use a real one" in well.out
    ill = await command_line.with_(PERDURE_APP="no_such_app", TEMPORAL_ADDRESS="127.0.0.1:1").run("doctor", "--json")
    assert ill.code == 3
    broken = {check["name"]: check["remedy"] for check in ill.json if not check["ok"]}
    assert broken == {
        "Temporal server": "start it, or unset TEMPORAL_ADDRESS",
        "app modules": "mend the module, or correct PERDURE_APP",
    }
