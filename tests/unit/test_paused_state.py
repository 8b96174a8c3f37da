"""A paused team as plain data: conditions with all they have counted, and each message once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from autogen_agentchat.base import TerminationCondition
from autogen_agentchat.conditions import (
    FunctionalTermination,
    MaxMessageTermination,
    TextMentionTermination,
    TokenUsageTermination,
)
from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage, StopMessage, TextMessage
from autogen_core.models import RequestUsage
from pydantic import BaseModel

from agents.checkpoint import with_repeats, without_repeats
from agents.condition_state import restored, saved
from contracts.conversation import pack, unpack


class Counting(TerminationCondition):
    """A user's own condition, with fields of every kind."""

    component_config_schema = BaseModel

    def __init__(self) -> None:
        self.words: set[str] = set()
        self.by_source: dict[str, list[int]] = {}
        self.pair: tuple[int, StopMessage | None] = (0, None)

    @property
    def terminated(self) -> bool:
        return False

    async def __call__(self, messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> StopMessage | None:
        for message in messages:
            self.words |= set(message.to_text().split())
            self.by_source.setdefault(message.source, []).append(len(message.to_text()))
            self.pair = (self.pair[0] + 1, StopMessage(content=message.to_text(), source=message.source))
        return None

    async def reset(self) -> None:
        self.words = set()


def said(text: str, *, tokens: int = 10) -> TextMessage:
    return TextMessage(content=text, source="ann", models_usage=RequestUsage(tokens, 0))


def conditions() -> TerminationCondition:
    inner = TextMentionTermination("half") & TokenUsageTermination(max_total_token=50)
    return MaxMessageTermination(100) | inner | FunctionalTermination(lambda messages: len(messages) > 50)


async def test_conditions_go_on_counting_where_they_were() -> None:
    first, second = conditions(), conditions()
    assert await first([said("half")]) is None
    assert await first([said("more")]) is None
    second = restored(second, json.loads(json.dumps(saved(first))))
    assert await second([said("more", tokens=20)]) is None
    stop = await second([said("more")])
    assert stop is not None
    assert "'half' mentioned" in stop.content
    assert "Token usage limit reached" in stop.content


async def test_conditions_of_users_keep_their_fields() -> None:
    first, second = Counting(), Counting()
    await first([said("one two"), said("three")])
    restored(second, json.loads(json.dumps(saved(first))))
    assert second.words == {"one", "two", "three"}
    assert second.by_source == {"ann": [7, 5]}
    assert second.pair[0] == 2
    assert second.pair[1] is not None
    assert second.pair[1].content == "three"


MESSAGE = {"content": "said " * 50, "source": "ann"}
STATES: list[Any] = [
    {},
    {"a": {"messages": [MESSAGE, {"x": 1}]}, "b": {"messages": [MESSAGE, MESSAGE]}, "turn": 3, "names": ["x", "y"]},
    {"mixed": [1, {"x": 1}], "empty": [], "nested": {"deep": [{"y": [{"z": [MESSAGE]}]}]}},
]


@pytest.mark.parametrize("state", STATES)
def test_a_state_comes_back_as_it_was(state: Any) -> None:
    documents = without_repeats(state)
    assert with_repeats(documents) == state
    assert json.dumps(documents).count("said said") <= json.dumps(MESSAGE).count("said said") * 2


def test_a_text_comes_back_as_it_was_packed() -> None:
    pieces = ["one\n", "zwei ü 😀", "one\n", ""] * 1_000
    assert unpack(pack(pieces)) == "".join(pieces)
    assert len(pack(pieces)) < 1_000
