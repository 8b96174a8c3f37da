from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from contracts.errors import NotFound
from contracts.events import STATE_CHANGED, WAIT_OPENED, Delivery, Event, Wait
from contracts.ports import EventLog, StateStore
from contracts.state import Author, Commit, Emitted, Write
from perdure.settings import Settings
from perdure.stores import open_stores
from tests.support.state_backends import DATABASES

pytestmark = pytest.mark.parametrize("state_backend", DATABASES, indirect=True)

HOLD = timedelta(seconds=30)
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A log, and the store of the same database."""

    log: EventLog
    state: StateStore

    async def emit(self, *ids: str, subject: str | None = "ada", type_: str = "invoice.paid") -> int:
        events = tuple(Emitted(id=id_, source="/shop", type=type_, subject=subject, data={"of": id_}) for id_ in ids)
        return (await self.state.commit(Commit(events=events))).sequence

    async def put(self, key: str, value: object, *, tenant: str = "default") -> int:
        write = Write(kind="put", namespace="tickets", key=key, value=value)
        author = Author(actor="ann", run="run-1", step="note", why="to see")
        return (await self.state.commit(Commit(writes=(write,), author=author, tenant=tenant))).sequence

    async def route(self, *deliveries: Delivery) -> None:
        cursor = await self.log.cursor()
        assert await self.log.route(deliveries, after=cursor, cursor=cursor + 1)

    async def due(self, *, limit: int = 100, later: timedelta = timedelta(0)) -> tuple[Delivery, ...]:
        return await self.log.due(limit=limit, now=datetime.now(UTC) + later, worker="ann", hold=HOLD)


@pytest.fixture
async def kept(state_settings: Settings) -> AsyncIterator[Kept]:
    async with open_stores(state_settings) as stores:
        yield Kept(log=stores.events, state=stores.state)


def delivery(number: int, *, lane: str = "ada", name: str = "greet", target: str = "trigger") -> Delivery:
    event = Event(
        id=f"e{number}",
        source="/shop",
        type="invoice.paid",
        subject=lane,
        data={"of": number},
        time=datetime.now(UTC),
        sequence=number,
    )
    return Delivery.model_validate({"id": 0, "target": target, "name": name, "lane": lane, "event": event})


def numbers(deliveries: tuple[Delivery, ...]) -> list[int]:
    return [found.event.sequence for found in deliveries]


def remembered() -> datetime:
    return datetime.now(UTC) + DAY


async def test_changes_and_emitted_events_are_one_order(kept: Kept) -> None:
    sequences = [await kept.put("t-1", {"a": 1}), await kept.emit("e1"), await kept.put("t-1", {"a": 2})]
    found = await kept.log.events(after=0, limit=10)
    assert [event.sequence for event in found] == sequences
    assert [event.type for event in found] == [STATE_CHANGED, "invoice.paid", STATE_CHANGED]


async def test_a_change_tells_what_was_written_and_by_whom(kept: Kept) -> None:
    sequence = await kept.put("t-1", {"a": 1})
    (event,) = await kept.log.events(after=0, limit=10)
    assert (event.id, event.source, event.subject) == (str(sequence), "/state/main/tickets", "t-1")
    assert event.change == ("main", "tickets", "t-1")
    assert event.data == {
        "namespace": "tickets",
        "key": "t-1",
        "branch": "main",
        "version": 1,
        "value": {"a": 1},
        "gone": False,
        "transition": None,
        "run": "run-1",
        "step": "note",
        "why": "to see",
    }


async def test_an_emitted_event_is_as_it_was_given(kept: Kept) -> None:
    await kept.emit("e1", subject=None)
    (event,) = await kept.log.events(after=0, limit=10)
    assert (event.id, event.source, event.subject, event.data) == ("e1", "/shop", None, {"of": "e1"})
    assert event.change is None
    assert abs(event.time - datetime.now(UTC)) < timedelta(seconds=10)


async def test_an_event_id_counts_once_in_its_source(kept: Kept) -> None:
    await kept.emit("e1")
    await kept.emit("e1")
    assert len(await kept.log.events(after=0, limit=10)) == 1


async def test_events_come_in_parts(kept: Kept) -> None:
    await kept.emit("e1", "e2")
    await kept.put("t-1", {"a": 1})
    await kept.emit("e3")
    first = await kept.log.events(after=0, limit=2)
    second = await kept.log.events(after=first[-1].sequence, limit=2)
    assert [event.subject for event in second] == ["t-1", "ada"]
    assert await kept.log.events(after=second[-1].sequence, limit=2) == ()


async def test_events_are_asked_for_by_type_and_tenant(kept: Kept) -> None:
    await kept.put("t-1", {"a": 1}, tenant="other")
    await kept.emit("e1", type_="invoice.paid")
    await kept.emit("e2", type_="invoice%paid")
    await kept.emit("e3", type_="order.made")

    async def ids(*types: str) -> list[str]:
        return [event.id for event in await kept.log.events(after=0, limit=10, types=types, tenant="default")]

    assert await ids("invoice.*") == ["e1"]
    assert await ids("invoice.paid", "order.made") == ["e1", "e3"]
    assert await ids("perdure.*") == []
    assert await ids() == []
    (changed,) = await kept.log.events(after=0, limit=10, types=("perdure.*",), tenant="other")
    assert changed.tenant == "other"


async def test_routing_moves_the_cursor_once(kept: Kept) -> None:
    assert await kept.log.cursor() == 0
    assert await kept.log.route([delivery(1)], after=0, cursor=5)
    assert not await kept.log.route([delivery(2)], after=0, cursor=7)
    assert await kept.log.cursor() == 5
    assert numbers(await kept.due()) == [1]


async def test_of_each_lane_only_the_oldest_is_due(kept: Kept) -> None:
    await kept.route(delivery(1), delivery(2), delivery(3, lane="bob"), delivery(4, name="other"))
    assert numbers(await kept.due()) == [1, 3, 4]


async def test_what_is_due_keeps_what_it_was_given(kept: Kept) -> None:
    given = delivery(1).model_copy(update={"most_attempts": 3, "remember_days": 7})
    await kept.route(given)
    (found,) = await kept.due()
    assert found.model_copy(update={"id": 0}) == given


async def test_no_more_is_taken_than_was_asked_for(kept: Kept) -> None:
    await kept.route(*(delivery(number, lane=str(number)) for number in range(1, 6)))
    assert numbers(await kept.due(limit=2)) == [1, 2]
    assert numbers(await kept.due(limit=2)) == [3, 4]


async def test_a_delivery_is_held_for_a_time(kept: Kept) -> None:
    await kept.route(delivery(1))
    assert numbers(await kept.due()) == [1]
    assert await kept.due() == ()
    assert numbers(await kept.due(later=HOLD + DAY)) == [1]


async def test_a_delivery_that_ended_lets_the_next_go(kept: Kept) -> None:
    await kept.route(delivery(1), delivery(2), delivery(3))
    (first,) = await kept.due()
    await kept.log.delivered(first, remember_until=remembered())
    assert (await kept.log.pending(), await kept.log.pending(tenant="other")) == (2, 0)
    assert numbers(await kept.due()) == [2]
    await kept.log.delivered(first, remember_until=remembered())
    assert await kept.due() == ()


async def test_what_comes_behind_a_delivery_that_is_held_waits(kept: Kept) -> None:
    await kept.route(delivery(1))
    (first,) = await kept.due()
    await kept.route(delivery(2))
    assert await kept.due() == ()
    await kept.log.delivered(first, remember_until=remembered())
    assert numbers(await kept.due()) == [2]


async def test_a_delivery_that_failed_is_tried_again_and_holds_its_lane(kept: Kept) -> None:
    await kept.route(delivery(1), delivery(2), delivery(3, lane="bob"))
    first, other = await kept.due()
    await kept.log.delivered(other, remember_until=remembered())
    await kept.log.failed(first, error="away", retry_at=datetime.now(UTC) + timedelta(seconds=10), counts=False)
    assert await kept.due() == ()
    (again,) = await kept.due(later=timedelta(seconds=11))
    assert (again.event.id, again.attempts, again.error) == ("e1", 0, "away")
    await kept.log.failed(again, error="wrong", retry_at=datetime.now(UTC))
    (again,) = await kept.due()
    assert (again.event.id, again.attempts, again.error) == ("e1", 1, "wrong")


async def test_a_delivery_that_is_given_up_is_a_dead_letter_and_its_lane_goes_on(kept: Kept) -> None:
    await kept.route(delivery(1), delivery(2))
    (first,) = await kept.due()
    await kept.log.failed(first, error="poison", retry_at=None)
    assert numbers(await kept.due()) == [2]
    (letter,) = await kept.log.dead_letters()
    assert (letter.delivery.event.id, letter.delivery.error, letter.delivery.attempts) == ("e1", "poison", 1)
    assert await kept.log.dead_letters(tenant="other") == ()


async def test_a_dead_letter_is_replayed_once_with_all_its_attempts(kept: Kept) -> None:
    await kept.route(delivery(1))
    (first,) = await kept.due()
    await kept.log.failed(first, error="poison", retry_at=None)
    (letter,) = await kept.log.dead_letters()
    with pytest.raises(NotFound, match="no dead letter"):
        await kept.log.replay(letter.delivery.id, tenant="other")
    await kept.log.replay(letter.delivery.id)
    (again,) = await kept.due()
    assert (again.event.id, again.attempts, again.error) == ("e1", 0, None)
    assert await kept.log.dead_letters() == ()
    with pytest.raises(NotFound, match="no dead letter"):
        await kept.log.replay(letter.delivery.id)


async def test_starts_are_remembered_for_their_time(kept: Kept) -> None:
    await kept.route(delivery(1), delivery(2))
    (first,) = await kept.due()
    await kept.log.delivered(first, started="event-1", remember_until=remembered())
    assert await kept.log.started_by("default", "greet", "/shop", "e1") == "event-1"
    assert await kept.log.started_by("default", "greet", "/other", "e1") is None
    assert await kept.log.started_by("default", "other", "/shop", "e1") is None
    assert await kept.log.started_by("other", "greet", "/shop", "e1") is None
    (second,) = await kept.due()
    await kept.log.delivered(second, started="event-2", remember_until=datetime.now(UTC) - DAY)
    assert await kept.log.started_by("default", "greet", "/shop", "e2") is None


async def test_a_wait_for_documents_is_found_by_each_of_them(kept: Kept) -> None:
    wait = Wait(id="w", workflow_id="run-1", documents=(("tickets", "t-1"), ("tickets", "t-2")))
    before = await kept.put("t-1", {"a": 1})
    assert await kept.log.register(wait) == before
    for key in ("t-1", "t-2"):
        (found,) = await kept.log.waits("default", documents=[("main", "tickets", key)])
        assert found.model_copy(update={"after": None, "documents": tuple(sorted(found.documents))}) == wait
    assert await kept.log.waits("default", documents=[("trial", "tickets", "t-1"), ("main", "tickets", "t-3")]) == ()
    assert await kept.log.waits("other", documents=[("main", "tickets", "t-1")]) == ()
    assert await kept.log.waits("default") == ()


async def test_a_wait_for_an_event_is_found_by_its_type(kept: Kept) -> None:
    wait = Wait(id="w", workflow_id="run-1", type="invoice.paid", source="/shop", when="event.data.of == bound.of")
    wait = wait.model_copy(update={"bound": {"of": "e1"}})
    sequence = await kept.log.register(wait)
    (found,) = await kept.log.waits("default", types=["order.made", "invoice.paid"])
    assert found == wait.model_copy(update={"after": sequence})
    assert await kept.log.wait("w") == found
    assert await kept.log.waits("default", types=["order.made"]) == ()


async def test_a_wait_for_a_pattern_is_found_by_any_type(kept: Kept) -> None:
    sequence = await kept.log.register(wait := Wait(id="w", workflow_id="run-1", type="invoice.*"))
    assert await kept.log.waits("default", types=["order.made"]) == (wait.model_copy(update={"after": sequence}),)
    assert await kept.log.waits("default", documents=[("main", "tickets", "t-1")]) == ()


async def test_registering_again_changes_nothing(kept: Kept) -> None:
    wait = Wait(id="w", workflow_id="run-1", type="invoice.paid")
    first = await kept.log.register(wait)
    await kept.emit("e1")
    assert await kept.log.register(wait) == first
    assert len(await kept.log.waits("default", types=["invoice.paid"])) == 1


async def test_a_wait_that_has_seen_less_than_there_is_looks_back(kept: Kept) -> None:
    seen = await kept.emit("e1")
    await kept.emit("e2")
    await kept.log.register(Wait(id="behind", workflow_id="run-1", type="invoice.paid", after=seen))
    await kept.log.register(Wait(id="up to date", workflow_id="run-1", type="invoice.paid", after=seen + 1))
    await kept.log.register(Wait(id="from now on", workflow_id="run-1", type="invoice.paid"))
    (opened,) = await kept.due()
    assert (opened.target, opened.name, opened.event.type) == ("wait", "behind", WAIT_OPENED)


async def test_a_wait_that_is_over_leaves_nothing(kept: Kept) -> None:
    await kept.log.register(Wait(id="w", workflow_id="run-1", type="a", documents=(("tickets", "t-1"),)))
    await kept.route(delivery(1, target="wait", name="w"), delivery(2, name="w"))
    await kept.log.unregister("w")
    await kept.log.unregister("w")
    assert await kept.log.wait("w") is None
    assert await kept.log.waits("default", documents=[("main", "tickets", "t-1")], types=["a"]) == ()
    assert numbers(await kept.due()) == [2]


async def test_what_was_routed_is_forgotten_after_its_time(kept: Kept) -> None:
    first = await kept.emit("e1")
    await kept.emit("e2")
    assert await kept.log.route([], after=0, cursor=first)
    assert await kept.log.prune(before=datetime.now(UTC) - DAY) == 0
    assert await kept.log.prune(before=datetime.now(UTC) + DAY) == 1
    assert [event.id for event in await kept.log.events(after=0, limit=10)] == ["e2"]
