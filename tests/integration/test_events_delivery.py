"""Events reach runs in order, are tried again, and are given up without stopping others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowHandle

from contracts.events import Event
from tests.support.events import Listener, Scene, scene

SIGNAL = {"run": "${event.data.run}"}


@pytest.fixture
async def on(client: Client, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(client, tmp_path) as made:
        yield made


async def heard(handle: WorkflowHandle[Listener, None]) -> list[Event]:
    return await handle.query(Listener.events)


async def test_events_of_a_subject_reach_a_run_in_their_order(on: Scene) -> None:
    await on.trigger("tell", signal=SIGNAL)
    async with on.listener("ada") as ada, on.serving():
        for number in range(30):
            await on.emit(f"e{number}", subject=f"customer-{number % 3}", data={"run": ada.id})
        await on.idle()
        events = await heard(ada)
    for customer in range(3):
        ids = [event.id for event in events if event.subject == f"customer-{customer}"]
        assert ids == [f"e{number}" for number in range(customer, 30, 3)]


async def test_an_event_reaches_the_run_that_it_names(on: Scene) -> None:
    await on.trigger("tell", signal={"run": "${event.data.order}-${event.data.run}"})
    async with on.listener("7") as seven, on.listener("8") as eight, on.serving():
        await on.emit("e1", data={"order": 7, "run": on.queue})
        await on.idle()
        assert [event.id for event in await heard(seven)] == ["e1"]
        assert await heard(eight) == []


async def test_an_event_is_handed_over_as_soon_as_its_run_is_there(on: Scene) -> None:
    await on.trigger("tell", signal=SIGNAL, attempts=100)
    async with on.serving():
        await on.emit("e1", subject="early", data={"run": f"late-{on.queue}"})
        await asyncio.sleep(0.3)
        async with on.listener("late") as late:
            await on.idle()
            assert [event.id for event in await heard(late)] == ["e1"]


async def test_a_poison_event_is_given_up_and_stops_nothing_else(on: Scene) -> None:
    await on.trigger("tell", signal=SIGNAL, when='event.data.kind != "other"', attempts=3)
    async with on.listener("ada") as ada, on.serving():
        await on.emit("poison", subject="a", data={"run": ada.id})
        await on.emit("unnamed", subject="b", data={"kind": "order"})
        await on.emit("e1", subject="b", data={"run": ada.id, "kind": "order"})
        await on.emit("e2", subject="c", data={"run": ada.id, "kind": "order"})
        await on.idle()
        assert sorted(event.id for event in await heard(ada)) == ["e1", "e2"]
    letters = {letter.delivery.event.id: letter.delivery for letter in await on.dead_letters()}
    assert {id_: letter.attempts for id_, letter in letters.items()} == {"poison": 3, "unnamed": 3}
    assert "kind" in (letters["poison"].error or "")
    assert "event.data.run" in (letters["unnamed"].error or "")


async def test_a_dead_letter_is_replayed_by_the_trigger_as_it_is_then(on: Scene) -> None:
    async with on.listener("ada") as ada, on.serving():
        await on.trigger("tell", signal={"run": "${event.data.customer.run}"}, attempts=2)
        await on.emit("e1", data={"run": ada.id})
        await on.idle()
        (letter,) = await on.dead_letters()
        await on.trigger("tell", signal=SIGNAL)
        await on.log.replay(letter.delivery.id, tenant=on.tenant)
        await on.idle()
        assert [event.id for event in await heard(ada)] == ["e1"]
        assert await on.dead_letters() == ()


async def test_a_delivery_that_is_repeated_signals_once(on: Scene) -> None:
    await on.trigger("tell", signal=SIGNAL)
    async with on.listener("ada") as ada:
        await on.emit("e1", data={"run": ada.id})
        async with on.serving():
            await on.idle()
        # Another worker did the same, and its word was the last.
        for delivery in [on.delivery("tell", event) for event in await heard(ada)] * 2:
            cursor = await on.log.cursor()
            assert await on.log.route([delivery], after=cursor, cursor=cursor + 1)
            async with on.serving():
                await on.idle()
        assert [event.id for event in await heard(ada)] == ["e1"]


async def test_an_event_that_no_history_can_hold_is_given_up_with_advice(on: Scene) -> None:
    await on.trigger("tell", signal=SIGNAL, attempts=1)
    async with on.listener("ada") as ada, on.serving():
        await on.emit("large", data={"run": ada.id, "text": "x" * 300_000})
        await on.idle()
        (letter,) = await on.dead_letters()
        assert "keep its data in a document and emit its place" in (letter.delivery.error or "")
