"""Traps T1, T3, T5, T7, T8, T10, T11: what a replay would see, say or do differently.

Each test is named after its trap and would fail without the cure. tests/traps/README.md lists all of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator

import pytest
from autogen_agentchat.teams import DiGraphBuilder
from opentelemetry import trace
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from tests.conftest import NewRunner
from tests.support.answers import Slow
from tests.support.model_server import ModelServer
from tests.support.reference import References
from tests.support.running import Runner, turns
from tests.support.scripts import teams
from tests.support.spans import RecordingProvider
from tests.support.stock import StockContext, run_stock
from tests.support.teams import TEAMS, agent
from workflows.agent_run import AgentRun

NOISE = (
    "Traceback",
    "never retrieved",
    "was destroyed but it is pending",
    "GeneratorExit",
    "Exception ignored",
    "task_done",
    "different Context",
    "Warning",
)


async def test_t01_ids_and_times_are_the_same_on_each_replay(trapped: Runner) -> None:
    """AutoGen draws ids by `uuid4` and takes times from the machine: each replay would tell other ones."""
    run = await trapped.start("witnesses")
    await run.result(timeout=20)
    first, second = await run.transcript(), await run.transcript()
    assert first == second
    told = [entry.text for entry in first if entry.source == "witness"]
    assert len(told) == 3
    assert all(" at 20" in text for text in told)


async def test_t01_ids_differ_between_runs(trapped: Runner) -> None:
    """Ids that are drawn from the history must still be ids."""
    runs = [await trapped.start("witnesses") for _ in range(2)]
    for run in runs:
        await run.result(timeout=20)
    first, second = [[e.text for e in await run.transcript() if e.source == "witness"] for run in runs]
    assert not set(first) & set(second)


async def test_t03_graph_starts_in_the_order_of_its_definition(model_server: ModelServer) -> None:
    """AutoGen keeps start nodes in a set, whose order depends on PYTHONHASHSEED; see also test_hash_seeds.py."""
    async with StockContext(model_server.url) as ctx:
        nodes = [agent(ctx, f"node_{letter}") for letter in "qwertzuiopasdfghjkl"]
        graph = DiGraphBuilder()
        for node in nodes:
            graph.add_node(node)
        starts = graph.build().get_start_nodes()
    assert list(starts) == [node.name for node in nodes]


async def test_t05_engine_control_flow_is_not_swallowed(trapped: Runner) -> None:
    """Stock AutoGen eats `BaseException`, so a continue-as-new out of an agent would leave the run standing still."""
    run = await trapped.start("onward")
    assert (await run.result(timeout=20)).answer == "We are in the second part."


@pytest.mark.filterwarnings("ignore:Cannot find activity to cancel")  # the SDK's own word, of a run that it forgets
@pytest.mark.long
async def test_t07_evictions_in_the_middle_of_turns_leave_no_noise(
    new_runner: NewRunner, references: References, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Abandoned generators and tasks of runs that a worker forgets would complain on stderr, or say otherwise."""
    names = [name for name in TEAMS if name not in {"failing_tool", "graph_parallel"}]
    expected = {name: (await references.of(name)).turns for name in names}
    caplog.clear()
    async with new_runner(max_cached_runs=1) as running:
        runs = {name: await running.start(name) for name in names}
        await asyncio.gather(*(run.result(timeout=60) for run in runs.values()))
        said = {name: turns(await run.transcript()) for name, run in runs.items()}
    assert said == expected
    heard = capfd.readouterr().err + "\n".join(record.getMessage() for record in caplog.records if record.levelno > 20)
    assert [line for line in heard.splitlines() if any(noise in line for noise in NOISE)] == []


async def test_t08_timeout_termination_replays_alike(model_server: ModelServer, trapped: Runner) -> None:
    """By the machine's clock a replay takes milliseconds, so the second would not be over and the team would go on."""
    model_server.reset(lambda request: Slow(0.3, teams(request)))
    run = await trapped.start("timed")
    result = await run.result(timeout=20)
    assert result.detail == "Timeout of 1.0 seconds reached"
    replayer = Replayer(
        workflows=[AgentRun], workflow_runner=UnsandboxedWorkflowRunner(), data_converter=pydantic_data_converter
    )
    await replayer.replay_workflow(await trapped.history(run))


@pytest.fixture(scope="module")
def spans() -> RecordingProvider:
    provider = RecordingProvider()
    trace.set_tracer_provider(provider)
    return provider


async def test_t10_no_span_is_begun_in_a_workflow(
    spans: RecordingProvider, trapped: Runner, model_server: ModelServer
) -> None:
    """Spans would get new ids and times with each replay; AutoGen's own switch does not cover those of agents."""
    await run_stock(TEAMS["parallel_tools"], "Do the work.", url=model_server.url)
    assert len(_of_agents(spans)) > 3
    spans.names.clear()
    for team in ("parallel_tools", "round_robin", "agent_as_tool", "swarm"):
        run = await trapped.start(team)
        await run.result(timeout=20)
    assert _of_agents(spans) == []


def _of_agents(spans: RecordingProvider) -> list[str]:
    return [name for name in spans.names if "agent" in name or "tool" in name]


class _Count(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        self.said[record.name] += 1


@pytest.fixture
def logged() -> Iterator[_Count]:
    count = _Count()
    names = ("autogen_core", "autogen_core.events", "autogen_agentchat", "autogen_agentchat.events")
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).addHandler(count)
    yield count
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).removeHandler(count)


async def test_t11_replay_logs_nothing(trapping: NewRunner, logged: _Count) -> None:
    """Each message would be logged again, in full, each time a history is replayed."""
    counts: list[dict[str, int]] = []
    for cached in (1_000, 0):
        logged.said.clear()
        async with trapping(max_cached_runs=cached) as running:
            run = await running.start("round_robin")
            await run.result(timeout=20)
            counts.append(dict(logged.said))
            await run.transcript()
    assert counts[1] == counts[0]
