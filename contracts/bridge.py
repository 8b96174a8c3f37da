"""The bridge between a conversation and events: what comes in, what goes out, by rule."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from contracts.base import Contract
from contracts.events import Event
from contracts.state import Json

EVENT_SOURCE = "event"


class EventPattern(Contract):
    """Which events are meant.

    Args:
        type: event type; "*" at the end matches any rest ("invoice.*").
        source: the same for the source; None is any.
    """

    type: str = Field(min_length=1, max_length=200)
    source: str | None = None

    def matches(self, event: Event) -> bool:
        """Whether an event is meant."""
        return _fits(self.type, event.type) and (self.source is None or _fits(self.source, event.source))


class Inbound(EventPattern):
    """An event that is signalled to the run becomes a message.

    In a group chat it joins the conversation before the next turn. With agents that talk by topics it is published.

    Args:
        as_message: text with ${event.data.…} and other paths of the event (id, source, type, subject, data, time); by
            default the event's data as JSON.
        author: who says it, as prompts and the transcript name it; no agent may be called so.
        topic: type of the topic that it is published to; only for agents that talk by topics.
        message: class of the published message, made of the event's data; by default the `Event` itself is published.
    """

    as_message: str | None = None
    author: str = Field(default=EVENT_SOURCE, min_length=1, max_length=100)
    topic: str | None = None
    message: type[Any] | None = None


class Outbound(Contract):
    """A message of the conversation becomes an event.

    Templates hold ${message.text}, ${message.source}, ${message.index}, ${message.value.…} (the message read as JSON,
    null if it is none) and ${run.id}, ${run.team}, ${run.user}, ${run.session}. Conditions beyond these belong to the
    trigger that listens to the event: its `when` is CEL.

    Args:
        type: type of the event.
        source: name of the agent that says it; "*" is any agent, but not what came in as an event.
        topic: only messages that are published to this topic; None is a message of a group chat, or to any topic.
        contains: text that the message must hold.
        where: fields that the message, read as JSON, must have with these values ("verdict" or "customer.vip").
        subject: subject of the event; may hold ${…}.
        data: data of the event; texts in it may hold ${…}. By default {"text", "source"} of the message.
    """

    type: str = Field(min_length=1, max_length=200)
    source: str = "*"
    topic: str | None = None
    contains: str | None = None
    where: dict[str, Json] = {}
    subject: str | None = None
    data: Any = None


def _fits(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
