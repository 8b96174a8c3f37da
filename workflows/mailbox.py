"""What a workflow was signalled with: that it is woken, and events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contracts.events import Event, Woken

# Events that nobody has waited for yet; older ones give way.
MOST_EVENTS = 100
MOST_EVENT_BYTES = 64 * 1024


class Mailbox:
    """Keeps what was signalled until somebody waits for it.

    Args:
        events: those that an earlier history handed on.
    """

    def __init__(self, events: Iterable[dict[str, Any]] = ()) -> None:
        self._events = [(number, Event.model_validate(event)) for number, event in enumerate(events, 1)]
        self.arrived = len(self._events)
        self.dropped = 0
        self._woken: dict[str, int] = {}
        self._brought: dict[str, Event] = {}

    def open(self, wait: str) -> None:
        """Listen for a wait; what is signalled for others is passed over."""
        self._woken.setdefault(wait, -1)

    def close(self, wait: str) -> None:
        """Listen no more."""
        self._woken.pop(wait, None)
        self._brought.pop(wait, None)

    def wake(self, woken: Woken) -> None:
        """Take a wake-up. The first event that comes for a wait is the one."""
        if woken.wait not in self._woken:
            return
        self._woken[woken.wait] = max(self._woken[woken.wait], woken.sequence)
        if woken.event is not None:
            self._brought.setdefault(woken.wait, woken.event)

    def add(self, event: Event) -> None:
        """Take an event that a trigger sent; one that is there already is passed over."""
        if any(_same(event, known) for _, known in self._events):
            return
        self.arrived += 1
        self._events.append((self.arrived, event))
        while len(self._events) > MOST_EVENTS or (len(self._events) > 1 and self._bytes() > MOST_EVENT_BYTES):
            del self._events[0]
            self.dropped += 1

    def events(self, *, after: int = 0) -> list[Event]:
        """Events that triggers sent and nobody took, but for the first `after` that arrived."""
        return [event for number, event in self._events if number > after]

    def take(self, event: Event) -> None:
        """Remove an event that was waited for."""
        self._events = [(number, known) for number, known in self._events if not _same(event, known)]

    def woken_at(self, wait: str) -> int:
        """The highest sequence that a wait was woken with, -1 if it was not."""
        return self._woken.get(wait, -1)

    def brought(self, wait: str) -> Event | None:
        """The event that a wait was woken with."""
        return self._brought.get(wait)

    def left(self) -> list[dict[str, Any]]:
        """What the next history has to know."""
        events = [*self._brought.values(), *self.events()]
        return [event.model_dump(mode="json") for event in events]

    def _bytes(self) -> int:
        return sum(len(event.model_dump_json()) for _, event in self._events)


def _same(first: Event, second: Event) -> bool:
    return (first.source, first.id) == (second.source, second.id)
