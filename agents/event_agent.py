"""An agent whose turn is to wait for an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.messages import BaseChatMessage, TextMessage
from autogen_core import CancellationToken

from agents.bridge import as_json, origin
from agents.event_source import EventSource
from contracts.events import Event


class EventAgent(BaseChatAgent):
    """Waits for the next event and says its data, as JSON; asks no model.

    Args:
        name: name of the agent.
        source: where the events come from.
        timeout: how long one turn waits; None is for ever.

    Attributes:
        count: events that it has said.
    """

    def __init__(self, name: str, source: EventSource, *, timeout: timedelta | None) -> None:
        super().__init__(name, description=f"Waits for the event {source.type!r} and says what it tells.")
        self.count = 0
        self._source = source
        self._timeout = timeout

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        """Plain text."""
        return (TextMessage,)

    async def on_messages(
        self,
        messages: Sequence[BaseChatMessage],  # noqa: ARG002 - AutoGen's
        cancellation_token: CancellationToken,
    ) -> Response:
        """Wait for the next event."""
        event = await self._source.next(within=self._timeout, token=cancellation_token)
        return Response(chat_message=self._late() if event is None else self._told(event))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Keep what was consumed: an event is said once."""

    async def save_state(self) -> Mapping[str, Any]:
        """Return up to where it has heard; which events it has had is kept with those that wait."""
        return {"count": self.count, "after": self._source.after}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on after what it has said."""
        self.count = state["count"]
        self._source.after = state["after"]

    def _told(self, event: Event) -> TextMessage:
        self.count += 1
        return TextMessage(content=as_json(event.data), source=self.name, metadata=origin(event))

    def _late(self) -> TextMessage:
        seconds = self._timeout.total_seconds() if self._timeout is not None else 0.0
        return TextMessage(
            content=f"No event {self._source.type!r} came within {seconds:g} s.",
            source=self.name,
            metadata={"timeout": "true"},
        )
