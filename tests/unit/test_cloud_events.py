from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.errors import BadRequest
from contracts.events import Event
from events import cloud_events

TIME = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
CLOUD = {"specversion": "1.0", "id": "e1", "source": "/shop", "type": "invoice.paid"}


def test_an_event_is_written_as_a_cloud_event() -> None:
    event = Event(
        id="e1", source="/shop", type="invoice.paid", subject="ada", data={"a": 1}, time=TIME, sequence=7, tenant="acme"
    )
    assert json.loads(cloud_events.written(event)) == {
        **CLOUD,
        "subject": "ada",
        "time": "2026-03-01T12:30:00Z",
        "datacontenttype": "application/json",
        "data": {"a": 1},
        "sequence": "7",
        "perduretenant": "acme",
    }


def test_what_was_written_is_read_again() -> None:
    event = Event(id="e1", source="/shop", type="invoice.paid", data=["a", None, 1.5], time=TIME, sequence=7)
    read = cloud_events.read(cloud_events.written(event))
    assert (read.id, read.source, read.type, read.subject) == ("e1", "/shop", "invoice.paid", None)
    assert (read.data, read.time) == (["a", None, 1.5], TIME)


def test_attributes_of_others_are_accepted() -> None:
    text = json.dumps({**CLOUD, "traceparent": "00-1-2-01", "time": "2026-03-01T13:30:00+01:00", "subject": None})
    assert cloud_events.read(text).time == TIME


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "the event is not JSON"),
        ("[]", "the event is a JSON list"),
        ({"id": None}, "'id' must not be None or empty"),
        ({"source": ""}, "'source' must not be None or empty"),
        ({"type": 7}, "'type' must be a"),
        ({"specversion": "0.3"}, "'specversion' must be '1.0'"),
        ({"time": "yesterday"}, "the event's time 'yesterday' is not ISO 8601"),
        ({"time": 7}, "the event's time 7 is not ISO 8601"),
        ({"time": "2026-03-01T12:30:00"}, "'time' must be timezone aware"),
        ({"traceParent": "x"}, "should only contain lowercase letters and numbers"),
        ({"data_base64": "eA=="}, "binary data"),
        ({"subject": "x" * 301}, "subject: String should have at most 300 characters"),
        ({"data": {"a": "\x00"}}, "NUL"),
    ],
)
def test_what_is_no_event_is_refused(text: Any, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        cloud_events.read(text if isinstance(text, str) else json.dumps({**CLOUD, **text}))
