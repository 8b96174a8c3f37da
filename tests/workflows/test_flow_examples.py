"""The example flows, run by a real worker with the scripted model: which way they go, and what they leave behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.errors import AnswerRefused, RunFailed
from contracts.flows import FlowResult
from examples.release.app import LOG
from examples.research.app import sources
from perdure import Perdure
from perdure.flow_run import FlowRunHandle
from tests.support.running import Runner, runner

QUESTION = (
    "What is the price of a heat pump, what do subsidies pay, what noise does it make, and what is left of its warmth"
    " in hard frost?"
)
APPS = ("examples.release.app", "examples.research.app", "examples.support.app")


@pytest.fixture(scope="module")
async def worked(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Runner]:
    """A worker with all examples."""
    async with runner(client, tmp_path_factory.mktemp("examples"), model_url=None, app=APPS) as running:
        yield running


@pytest.fixture(scope="module")
async def perdure(worked: Runner) -> AsyncIterator[Perdure]:
    """A client on the worker's queue and stores."""
    connected = await Perdure.using(worked.client, settings=worked.settings)
    yield connected
    await connected.close()


async def answered(run: FlowRunHandle, step: str, value: object) -> None:
    """Answer as soon as the step asks."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await run.answer(step, value, by="Rita")
            except AnswerRefused:
                await asyncio.sleep(0.05)


async def released(perdure: Perdure, version: str, *, errors: float, says: str = "ship") -> FlowRunHandle:
    """Start a release, its checks, and a run that watches its health."""
    run = await perdure.start_flow("release", input={"version": version})
    checks = await perdure.start_flow("checks", input={"version": version})
    await checks.result(timeout=30)
    if "broken" not in version:
        await answered(run, "approve", says)
    await perdure.state.by("watcher").put(f"health/{version}", {"errors_per_minute": errors})
    return run


def traffic(worked: Runner, run: FlowRunHandle) -> list[list[str]]:
    """What the tools of a release did, in order."""
    (log,) = worked.settings.home.glob(f"runs/{run.id}/**/{LOG}")
    done = [json.loads(line) for line in Path(log).read_text().splitlines()]
    return [[name, entry[name]] for entry in done for name in entry if name != "key"]


async def test_a_release_ships_when_the_gates_are_open(worked: Runner, perdure: Perdure) -> None:
    run = await released(perdure, "1.0", errors=0.5)
    assert (await run.result(timeout=30)).output == {"status": "shipped"}
    assert traffic(worked, run) == [
        ["publish", "https://packages.example/1.0"],
        ["route", "1.0 10 %"],
        ["route", "1.0 100 %"],
    ]
    kept = await perdure.state.get("releases/1.0", fresh=True)
    assert kept is not None
    assert kept.value == {"status": "shipped", "approved_by": "Rita"}


async def test_a_release_that_goes_wrong_is_taken_back(worked: Runner, perdure: Perdure) -> None:
    run = await released(perdure, "1.1", errors=80)
    with pytest.raises(RunFailed, match=r"the release of '1.1' is stopped: its health is bad"):
        await run.result(timeout=30)
    assert traffic(worked, run)[2:] == [["route", "1.1 0 %"], ["withdraw", "https://packages.example/1.1"]]
    kept = await perdure.state.get("releases/1.1", fresh=True)
    assert kept is not None
    assert kept.value["status"] == "withdrawn"


@pytest.mark.parametrize(("version", "why"), [("1.2-broken", "a check failed"), ("1.3", "held")])
async def test_a_release_is_refused(perdure: Perdure, version: str, why: str) -> None:
    run = await released(perdure, version, errors=0, says="hold")
    assert (await run.result(timeout=30)).output == {"status": "refused"}
    kept = await perdure.state.get(f"releases/{version}", fresh=True)
    assert kept is not None
    assert kept.value["why"] == why


async def researched(perdure: Perdure, notebook: str, *, goal: float, readings: int) -> FlowResult:
    """Look for an answer in the example's sources."""
    for key, source in sources().items():
        await perdure.state.put(f"sources/{key}", source)
    given = {
        "question": QUESTION,
        "notebook": notebook,
        "sources": list(sources()),
        "goal": goal,
        "readings": readings,
    }
    return await (await perdure.start_flow("research", input=given)).result(timeout=60)


async def test_research_goes_on_until_the_quality_is_high_enough(perdure: Perdure) -> None:
    found = await researched(perdure, "enough", goal=0.8, readings=40)
    assert found.output["quality"] >= 0.8
    assert 4 < found.output["readings"] < 40
    assert "Subsidies paid between a third and a half of that." in found.output["report"]


async def test_research_ends_when_its_budget_is_spent(perdure: Perdure) -> None:
    found = await researched(perdure, "spent", goal=1.0, readings=7)
    assert found.output["readings"] == 4
    assert found.output["quality"] < 1.0
    assert "Nothing was found about" in found.output["report"]


async def test_a_ticket_is_answered_and_reopened(perdure: Perdure) -> None:
    ticket = {"customer": "Amara", "subject": "Forgot my password", "text": "The reset link in the mail does not open."}
    await perdure.state.put("tickets/one", {"status": "new", **ticket})
    await perdure.emit("ticket.reopened", subject="another", data={"text": "not this one"})
    run = await perdure.start_flow("support", input={"ticket": "one"}, run_id="support-one")
    for kind in ("ticket.reopened", "ticket.confirmed"):
        await asyncio.wait_for(_status(perdure, "tickets/one", "answered"), 30)
        await perdure.emit(kind, subject="one", data={"text": "It still does not open."})
        if kind == "ticket.reopened":
            await answered(run, "ask_lead", {"decision": "reply", "reply": "I send you a new link now."})
    assert (await run.result(timeout=30)).output == {"status": "closed", "answered_by": "Rita", "reopened": 1}
    assert [(one.step, one.taken) for one in await run.decisions()] == [
        ("decide", "send"),
        ("satisfied", "reopen"),
        ("decide", "hand_over"),
        ("decided", "note_lead"),
        ("satisfied", "close"),
    ]


async def _status(perdure: Perdure, name: str, wanted: str) -> None:
    async for change in perdure.state.watch(name, since=0):
        if change.document.value["status"] == wanted:
            return
