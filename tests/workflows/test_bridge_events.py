"""The whole way: an event is emitted, kept, routed and heard; a message becomes an event that starts another run."""

from __future__ import annotations

from functools import partial

import pytest

from contracts.events import SignalRun, StartTeam, Trigger
from events.starts import workflow_id
from tests.conftest import NewRunner
from tests.support.answers import Answer, Slow, Text
from tests.support.chat import ChatRequest
from tests.support.model_server import ModelServer
from tests.support.outside import emitted, opened, until_signalled, until_started, waiting, waits
from tests.support.running import APP, turns
from tests.support.scripts import chat
from tests.support.waiting import until


@pytest.fixture
def bridging(new_runner: NewRunner) -> NewRunner:
    """Makes workers with the teams that have a bridge."""
    return partial(new_runner, app=(APP, "tests.support.bridge_teams"))


async def test_a_conversation_that_waits_goes_on_with_the_event_that_fits(bridging: NewRunner) -> None:
    async with bridging(max_cached_runs=0) as running, opened(running) as perdure:
        run = await running.start("choosy")
        await waiting(running, run)
        await perdure.emit("invoice.paid", source="/crm", data={"sum": 900})
        await perdure.emit("invoice.paid", source="/erp", data={"sum": 50})
        await perdure.emit("invoice.paid", source="/erp", data={"sum": 500})
        await perdure.emit("invoice.paid", source="/erp", data={"sum": 700})
        await run.result(timeout=40)
        said = turns(await run.transcript())
    assert [turn.text for turn in said if turn.source == "billing"] == ['{"sum": 500}']


async def test_no_event_is_lost_that_comes_before_and_between_the_turns_of_who_waits(
    bridging: NewRunner, model_server: ModelServer
) -> None:
    def slowly(request: ChatRequest) -> Answer:
        return Slow(0.2, chat(request))

    model_server.reset(slowly)
    async with bridging() as running, opened(running) as perdure:
        await perdure.emit("invoice.paid", data=0)
        run = await running.start("patient")
        await until(lambda: model_server.count() == 1, seconds=30)
        for number in range(1, 4):
            await perdure.emit("invoice.paid", subject=f"invoice {number}", data=number)
        await run.result(timeout=40)
        said = turns(await run.transcript())
        after = [wait.after or 0 for wait in await waits(running, run)]
    assert [turn.text for turn in said if turn.source == "billing"] == ["1", "2", "3"]
    assert after == sorted(set(after))
    assert len(after) == 3


async def test_a_message_becomes_an_event_that_starts_another_run(
    bridging: NewRunner, model_server: ModelServer
) -> None:
    model_server.reset(lambda request: Text("FIRE") if request.speaker == "clerk" else chat(request))
    trigger = Trigger(
        name="brigade",
        type="alarm",
        when='event.data.source == "clerk"',
        start_team=StartTeam(team="single", task="Put out: ${event.data.text}"),
    )
    async with bridging() as running, opened(running) as perdure:
        await perdure.triggers.add(trigger)
        run = await running.start("telling")
        await run.result(timeout=40)
        alarms = [one for one in await emitted(running, run) if one.type == "alarm"]
        started = [workflow_id("default", "brigade", one.source, one.id) for one in alarms]
        for id_ in started:
            other = await until_started(perdure, id_)
            await other.result(timeout=40)
            assert turns(await other.transcript())[0].text == "Put out: FIRE"
    assert len(set(started)) == 2


async def test_one_conversation_speaks_to_another(bridging: NewRunner, model_server: ModelServer) -> None:
    model_server.reset(chat)
    async with bridging() as running, opened(running) as perdure:
        listener = await running.start("ears")
        await waiting(running, listener)
        await perdure.triggers.add(Trigger(name="wire", type="said", signal=SignalRun(run=listener.id)))
        speaker = await running.start("telling")
        await speaker.result(timeout=40)
        await until_signalled(running, listener, 2)
        await perdure.emit("think")
        await listener.result(timeout=40)
        spoken = [turn.text for turn in turns(await speaker.transcript()) if turn.source == "clerk"]
        heard = [turn.text for turn in turns(await listener.transcript()) if turn.source == "elsewhere"]
    assert heard == spoken
    assert [model_server.requests[-1].request.texts.count(text) for text in spoken] == [1, 1]


async def test_the_transcript_says_where_the_state_store_stood(bridging: NewRunner, model_server: ModelServer) -> None:
    model_server.reset(chat)
    async with bridging() as running, opened(running) as perdure:
        first = (await perdure.state.put("tickets/1", {"status": "new"})).sequence
        run = await running.start("paid")
        await waiting(running, run)
        second = (await perdure.state.put("tickets/1", {"status": "open"})).sequence
        await perdure.emit("invoice.paid")
        await run.result(timeout=40)
        sequences = [entry.sequence for entry in await run.transcript()]
    known = [sequence for sequence in sequences if sequence is not None]
    assert len(known) == 4
    assert known == sorted(known)
    assert first <= known[1] < second < known[2]
