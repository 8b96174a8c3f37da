from __future__ import annotations

import json

import pytest

from agents.bridge import told
from agents.inbox import Inbox
from contracts.bridge import EventPattern, Inbound
from contracts.events import Event, Woken
from tests.support.outside import event

PAID = EventPattern(type="invoice.*", source="/erp")


def taken(inbox: Inbox) -> list[int]:
    return [one.sequence for one in inbox.take(lambda _: True)]


def woken(wait: str, one: Event) -> Woken:
    return Woken(wait=wait, sequence=one.sequence, event=one)


def test_an_event_for_the_run_is_taken_once_and_in_the_order_it_came() -> None:
    inbox = Inbox()
    for number in (2, 1, 2, 3, 1):
        inbox.event(event(number))
    assert taken(inbox) == [2, 1, 3]
    inbox.event(event(2))
    assert taken(inbox) == []
    assert inbox.sequence == 3


def test_the_same_id_from_two_sources_is_two_events() -> None:
    inbox = Inbox()
    inbox.event(event(1, id="same", source="/erp"))
    inbox.event(event(2, id="same", source="/crm"))
    assert taken(inbox) == [1, 2]


def test_who_takes_the_first_that_is_meant_leaves_the_others() -> None:
    inbox = Inbox()
    inbox.event(event(1, source="/crm"))
    inbox.event(event(2, type="order.paid"))
    inbox.event(event(3))
    inbox.event(event(4))
    first = inbox.take_first(PAID)
    assert first is not None
    assert first.sequence == 3
    assert inbox.has(PAID)
    assert taken(inbox) == [1, 2, 4]
    assert inbox.take_first(PAID) is None


def test_a_wait_is_told_the_first_event_and_only_while_it_is_open() -> None:
    inbox = Inbox()
    inbox.wake(woken("w", event(1)))
    inbox.open("w")
    assert inbox.told("w") is None
    inbox.wake(Woken(wait="w", sequence=2))
    for number in (3, 4):
        inbox.wake(woken("w", event(number)))
    assert inbox.told("w") == event(3)
    inbox.close("w")
    inbox.wake(woken("w", event(5)))
    assert taken(inbox) == []


def test_what_came_before_the_state_was_read_comes_after_what_the_state_holds() -> None:
    before = Inbox()
    before.event(event(1))
    before.event(event(2))
    state = json.loads(json.dumps(before.state()))
    before.event(event(3))
    before.event(event(1))
    after = Inbox(before.late())
    after.event(event(2))
    after.event(event(4))
    after.restore(state)
    assert taken(after) == [1, 2, 3, 4]
    after.event(event(3))
    assert taken(after) == []


def test_a_history_of_an_earlier_version_held_no_events() -> None:
    inbox = Inbox(())
    inbox.event(event(1))
    inbox.restore({})
    assert taken(inbox) == [1]


def test_ids_are_remembered_for_long_and_not_for_ever() -> None:
    inbox = Inbox()
    for number in range(10_001):
        inbox.event(event(number, id=str(number)))
    assert len(inbox.state()["seen"]) == 10_000
    inbox.take(lambda _: True)
    inbox.event(event(10_000, id="10000"))
    inbox.event(event(0, id="0"))
    assert taken(inbox) == [0]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (None, '{"name": "Zoë", "sum": 3}'),
        ("${event.data.name} paid ${event.data.sum}", "Zoë paid 3"),
        ("${event.data}", '{"name": "Zoë", "sum": 3}'),
        ("$${event.data} of ${event.source}", "${event.data} of /erp"),
    ],
)
def test_an_event_is_told_as_its_rule_says(template: str | None, text: str) -> None:
    rule = Inbound(type="invoice.paid", as_message=template)
    assert told(rule, event(1, data={"name": "Zoë", "sum": 3})) == text
