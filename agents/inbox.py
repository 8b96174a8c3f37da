"""Events that have reached a run: each once for each recipient, in the order they came, over all its histories."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from contracts.bridge import EventPattern
from contracts.events import Event, Woken

# A delivery is repeated within minutes; an id that so many others have followed is not seen again.
_MOST_SEEN = 10_000


class Inbox:
    """The events of one run.

    An event comes for the run itself, or for a wait that the run has open. A wait is told one event, the first; whoever
    waits again is told what came after it. Events for the run itself may come before the team is built, and before the
    state of an earlier history is read.

    Args:
        late: what came for the run itself in the earlier history after its state was taken, which `restore` will bring;
            None where there is no earlier history.

    Attributes:
        sequence: the highest one of all events that came; None before the first one.
    """

    def __init__(self, late: tuple[Event, ...] | None = None) -> None:
        self._events: list[Event] = []
        self._woken: dict[str, Event | None] = {}
        self._seen: dict[str, None] = {}
        self._noted: list[Event] | None = None if late is None else []
        self.sequence: int | None = None
        for event in late or ():
            self.event(event)

    def event(self, event: Event) -> None:
        """Take an event that is for the run itself, unless it came before."""
        if self._noted is not None:
            self._noted.append(event)
        self._rise(event)
        if self.is_new(event):
            self._events.append(event)

    def wake(self, woken: Woken) -> None:
        """Take the event that an open wait is told; what other waits are told is passed over."""
        if woken.event is None:
            return
        self._rise(woken.event)
        if woken.wait in self._woken and self._woken[woken.wait] is None:
            self._woken[woken.wait] = woken.event

    def open(self, wait: str) -> None:
        """Begin to listen for what a wait is told."""
        self._woken[wait] = None

    def told(self, wait: str) -> Event | None:
        """What an open wait was told."""
        return self._woken[wait]

    def close(self, wait: str) -> None:
        """Listen no longer."""
        del self._woken[wait]

    def is_new(self, event: Event, *, recipient: str = "") -> bool:
        """Note that somebody has had an event, and return whether it is the first time.

        Args:
            event: the event.
            recipient: path of an agent; "" is the run itself.
        """
        name = "\n".join((recipient, event.source, event.id))
        key = hashlib.blake2b(name.encode(), digest_size=8).hexdigest()
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > _MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        return True

    def take_first(self, pattern: EventPattern) -> Event | None:
        """Take the first event for the run itself that is meant."""
        place = self._place(pattern)
        return None if place is None else self._events.pop(place)

    def has(self, pattern: EventPattern) -> bool:
        """Whether there is an event for the run itself that is meant."""
        return self._place(pattern) is not None

    def take(self, wanted: Callable[[Event], bool]) -> list[Event]:
        """Take all events for the run itself that are wanted, in the order they came."""
        taken: list[Event] = []
        left: list[Event] = []
        for event in self._events:
            (taken if wanted(event) else left).append(event)
        self._events = left
        return taken

    def has_any(self, wanted: Callable[[Event], bool]) -> bool:
        """Whether `take` would find one."""
        return any(map(wanted, self._events))

    def state(self) -> dict[str, Any]:
        """Everything that a new history needs, as JSON values; no wait may be open. What comes after this is late."""
        self._noted = []
        return {"events": [event.model_dump(mode="json") for event in self._events], "seen": list(self._seen)}

    def late(self) -> tuple[Event, ...]:
        """What came after `state` was asked."""
        return tuple(self._noted or ())

    def restore(self, state: dict[str, Any]) -> None:
        """Put what an earlier history held before what has come to this one."""
        noted, self._noted = self._noted, None
        self._events = list(map(Event.model_validate, state.get("events", ())))
        self._seen = dict.fromkeys(state.get("seen", ()))
        for event in noted or ():
            self.event(event)

    def _place(self, pattern: EventPattern) -> int | None:
        return next((place for place, event in enumerate(self._events) if pattern.matches(event)), None)

    def _rise(self, event: Event) -> None:
        self.sequence = max(event.sequence, self.sequence or 0)
