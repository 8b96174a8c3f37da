"""JSON of others becomes messages or memories, and what cannot be one is told with its number."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.errors import BadRequest
from contracts.memories import MemoryScope
from perdure.transfer import json_files
from perdure.transfer.messages import Conversation, Statements

ADA = MemoryScope(user="ada")
NOON = "2026-05-03T12:00:00Z"


def read(value: Any) -> Conversation | Statements:
    found = json_files.read(value if isinstance(value, str) else json.dumps(value), scope=ADA)
    assert found is not None
    return found


def conversation(value: Any) -> Conversation:
    found = read(value)
    assert isinstance(found, Conversation)
    return found


def statements(value: Any) -> Statements:
    found = read(value)
    assert isinstance(found, Statements)
    return found


MESSAGES = [
    {"role": "user", "content": "hello", "name": "Ada", "timestamp": NOON},
    {"role": "assistant", "content": [{"type": "text", "text": "hi"}, {"type": "image"}]},
]


@pytest.mark.parametrize(
    "value", [MESSAGES, {"messages": MESSAGES}, "\n".join(map(json.dumps, MESSAGES)), json.dumps(MESSAGES, indent=2)]
)
def test_messages_are_read_from_lists_objects_and_lines(value: Any) -> None:
    first, second = conversation(value).messages
    assert (first.speaker, first.text, str(first.at)) == ("Ada", "hello", "2026-05-03 12:00:00+00:00")
    assert (second.speaker, second.text, second.at) == ("assistant", "hi", None)


@pytest.mark.parametrize("at", ["2026-05-03T12:00:00", 1777809600, "1777809600.000100", 1777809600000])
def test_times_are_read_as_programs_write_them(at: Any) -> None:
    (message,) = conversation([{"type": "message", "user": "U1", "text": "x", "ts": at}]).messages
    assert message.speaker == "U1"
    assert message.at is not None
    assert message.at.replace(microsecond=0) == datetime(2026, 5, 3, 12, tzinfo=UTC)


def test_what_is_no_message_is_told() -> None:
    found = conversation([MESSAGES[0], 7, {"role": "user"}, {"role": "user", "content": "x", "timestamp": "noon"}])
    assert len(found.messages) == 1
    assert [(fault.line, fault.why) for fault in found.faults] == [
        (2, "the item is no object: 7"),
        (3, "has no text"),
        (4, "has a time that cannot be read: 'noon'"),
    ]


def test_a_broken_line_is_told_with_its_number() -> None:
    found = conversation(f'{json.dumps(MESSAGES[0])}\n\n{{"role": \n{json.dumps(MESSAGES[1])}')
    assert len(found.messages) == 2
    assert [fault.line for fault in found.faults] == [3]


@pytest.mark.parametrize("wrapper", [None, "results", "memories"])
def test_an_export_of_mem0_keeps_ids_scopes_times_and_metadata(wrapper: str | None) -> None:
    item = {
        "id": "5d9d5a9e-3b5d-4a4e-9b52-2d2f1a7e0c11",
        "memory": "Likes tea",
        "hash": "x",
        "user_id": "bob",
        "agent_id": None,
        "run_id": "s-1",
        "categories": ["food"],
        "metadata": {"source": "app"},
        "created_at": "2026-05-03T05:00:00.000001-07:00",
        "updated_at": None,
    }
    (draft,) = statements([item] if wrapper is None else {wrapper: [item]}).drafts
    assert (draft.id, draft.text, draft.scope) == (item["id"], "Likes tea", MemoryScope(user="bob", session="s-1"))
    assert (draft.tags, draft.metadata) == (("food",), {"source": "app"})
    assert draft.happened_at == datetime(2026, 5, 3, 12, 0, 0, 1, tzinfo=UTC)


def test_memories_are_read_with_their_fields() -> None:
    lines = [
        {"text": "Never deploy on Fridays", "kind": "procedural", "tags": ["deploy"], "team": "ops", "ticket": 17},
        {"text": "Tea", "importance": 7},
        {"text": "Plain"},
        {"text": "Bad", "user": "*"},
    ]
    found = statements("\n".join(map(json.dumps, lines)))
    first, last = found.drafts
    assert (first.kind, first.tags, first.scope, first.metadata) == (
        "procedural",
        ("deploy",),
        MemoryScope(team="ops"),
        {"ticket": 17},
    )
    assert (last.text, last.scope) == ("Plain", ADA)
    assert [fault.line for fault in found.faults] == [2, 4]
    assert "importance" in found.faults[0].why


def test_odd_values_are_kept_or_told() -> None:
    lines = [
        {"text": "half \ud800", "speaker": "Ada\u0000", "metadata": {"\udfff": ["\u0000"]}},
        {"text": "a", "metadata": "words", "categories": "food"},
        {"text": 7},
        {"text": "b", "tags": 7},
        {"text": "c", "happened_at": float("nan")},
    ]
    found = statements("\n".join(map(json.dumps, lines)))
    first, second = found.drafts
    assert (first.text, first.speaker, first.metadata) == ("half \ufffd", "Ada\ufffd", {"\ufffd": ["\ufffd"]})
    assert (second.tags, second.metadata) == (("food",), {"metadata": "words"})
    assert [fault.line for fault in found.faults] == [3, 4, 5]


@pytest.mark.parametrize("text", ["", "hello", "Ada: [1]"])
def test_what_is_no_json_is_left_to_others(text: str) -> None:
    assert json_files.read(text, scope=ADA) is None


@pytest.mark.parametrize("value", [[], {}, [1, 2], [{"a": 1}], {"messages": []}])
def test_json_of_something_else_is_refused(value: Any) -> None:
    with pytest.raises(BadRequest, match="neither messages nor memories"):
        read(value)
