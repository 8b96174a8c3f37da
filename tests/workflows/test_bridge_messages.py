"""Events join conversations that run, and messages of conversations become events."""

from __future__ import annotations

from functools import partial

import pytest
from temporalio.client import Client

from contracts.errors import RunFailed
from tests.conftest import NewRunner
from tests.support.answers import Answer, Slow, Text
from tests.support.chat import ChatRequest
from tests.support.model_server import ModelServer
from tests.support.outside import emitted, event, hand_over, told_before_its_worker
from tests.support.running import APP, turns
from tests.support.scripts import teams
from tests.support.waiting import until

NEWS = "News: rain"


@pytest.fixture
def bridging(new_runner: NewRunner) -> NewRunner:
    """Makes workers with the teams that have a bridge."""
    return partial(new_runner, app=(APP, "tests.support.bridge_teams"))


def slowly(request: ChatRequest) -> Answer:
    """Follow the script of all teams, and leave time for what comes in between."""
    return Slow(0.05, teams(request))


def times_heard(request: ChatRequest) -> int:
    """How often a prompt tells the news."""
    return sum(text.count(NEWS) for text in request.texts)


@pytest.mark.parametrize("kind", ["round_robin", "selector", "swarm", "graph_loop", "magentic_one", "nested"])
async def test_an_event_is_heard_once_by_every_prompt_after_it(
    kind: str, bridging: NewRunner, model_server: ModelServer
) -> None:
    model_server.reset(slowly)
    async with bridging(max_cached_runs=0) as running:
        run = await running.start(f"listening-{kind}")
        await until(lambda: model_server.count() >= 3, seconds=30, what="call 3")
        await hand_over(running, run, event(1, type="news", data={"what": "rain"}))
        await run.result(timeout=40)
        said = turns(await run.transcript())
    assert [turn.text for turn in said if turn.source == "outside"] == [NEWS]
    heard = [times_heard(record.request) for record in model_server.requests]
    assert set(heard) == {0, 1}
    assert heard == sorted(heard) or kind in {"magentic_one", "nested"}
    assert not any(heard[:3])


async def test_events_join_in_the_order_they_came_even_before_the_first_turn(
    bridging: NewRunner, client: Client
) -> None:
    first = [event(number, type="news", data={"what": f"no. {number}"}) for number in (3, 1, 2, 1)]
    run, queue = await told_before_its_worker(client, "listening-round_robin", *first, event(9, type="other"))
    async with bridging(task_queue=queue):
        await run.result(timeout=40)
        said = turns(await run.transcript())
    assert [turn.source for turn in said[:5]] == ["user", "outside", "outside", "outside", "alice"]
    assert [turn.text for turn in said[1:4]] == ["News: no. 3", "News: no. 1", "News: no. 2"]
    # The condition of the team counts what came in: seven messages, with three events and the task.
    assert len(said) == 7


async def test_an_event_that_cannot_be_told_as_it_should_is_told_whole(bridging: NewRunner) -> None:
    async with bridging() as running:
        run = await running.start("listening-round_robin")
        await hand_over(running, run, event(1, type="news", data={"where": "here"}))
        await run.result(timeout=40)
        said = turns(await run.transcript())
    (text,) = [turn.text for turn in said if turn.source == "outside"]
    assert "there is no field 'what'" in text
    assert '{"where": "here"}' in text


async def test_messages_that_fit_a_rule_become_events(bridging: NewRunner, model_server: ModelServer) -> None:
    def rule(request: ChatRequest) -> Answer:
        if request.speaker == "boss":
            return Text('{"verdict": "bad", "reason": {"code": 7}}')
        return Text("FIRE" if request.texts_of("assistant") else "All is well.")

    model_server.reset(rule)
    async with bridging(max_cached_runs=0) as running:
        run = await running.start("telling")
        await run.result(timeout=40)
        events = await emitted(running, run)
    assert [(one.type, one.subject, one.data) for one in events] == [
        ("said", run.id, {"text": "All is well.", "n": 1}),
        ("judged", None, {"code": 7}),
        ("said", run.id, {"text": "FIRE", "n": 1}),
        ("alarm", None, {"text": "FIRE", "source": "clerk"}),
        ("judged", None, {"code": 7}),
    ]
    assert len({one.id for one in events}) == len(events)
    assert {one.source for one in events} == {f"/runs/{run.id}"}


async def test_what_came_in_does_not_go_out_again(bridging: NewRunner, client: Client) -> None:
    run, queue = await told_before_its_worker(client, "echoing", event(1))
    async with bridging(task_queue=queue) as running:
        await run.result(timeout=40)
        said = turns(await run.transcript())
        events = await emitted(running, run)
    assert [turn.source for turn in said] == ["user", "event", "clerk", "boss"]
    assert [one.data["source"] for one in events] == ["clerk", "boss"]


@pytest.mark.parametrize(
    ("team", "why"),
    [
        ("listening-single", "is no group chat"),
        ("misnamed", "give its inbound rule another author"),
        ("computing", "only paths can be put in"),
    ],
)
async def test_rules_that_cannot_work_are_refused(team: str, why: str, bridging: NewRunner) -> None:
    async with bridging() as running:
        run = await running.start(team)
        with pytest.raises(RunFailed, match=why) as caught:
            await run.result(timeout=40)
    assert caught.value.kind == "BadRequest"
