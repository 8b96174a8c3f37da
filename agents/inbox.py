"""Events that have reached a run and wait to be used: each once, in the order they came, over all its histories."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from contracts.bridge import EventPattern, Received
from contracts.events import Event, Woken

# A delivery is repeated within minutes; an id that so many others have followed is not seen again.
_MOST_SEEN = 10_000


class Inbox:
    """The events of one run.

    An event comes for the run itself, or for an agent that waits (by a wait's id, which holds the agent's path). A
    repeat is known by recipient, source and id. Events may come before the team is built, and before the state of an
    earlier history is read.

    Args:
        late: what came in the earlier history after its state was taken, which `restore` will bring; None where there
            is no earlier history.

    Attributes:
        sequence: the highest one of all events that came; None before the first one.
    """

    def __init__(self, late: tuple[Received, ...] | None = None) -> None:
        self._direct: list[Event] = []
        self._woken: dict[str, list[Event]] = {}
        self._after: dict[str, int] = {}
        self._seen: dict[str, None] = {}
        self._noted: list[Received] | None = None if late is None else []
        self.sequence: int | None = None
        for received in late or ():
            self.receive(received)

    def event(self, event: Event) -> None:
        """Take an event that is for the run itself."""
        self.receive(Received(event=event))

    def wake(self, woken: Woken) -> None:
        """Take an event that a wait was for."""
        if woken.event is not None:
            self.receive(Received(event=woken.event, wait=woken.wait))

    def receive(self, received: Received) -> None:
        """Take an event, unless its recipient has had it."""
        if self._noted is not None:
            self._noted.append(received)
        event = received.event
        path = None if received.wait is None else path_of(received.wait)
        self.sequence = max(event.sequence, self.sequence or 0)
        if path is not None:
            self._after[path] = max(event.sequence, self._after.get(path, 0))
        if not self._is_new(path, event):
            return
        if path is None:
            self._direct.append(event)
        else:
            self._woken.setdefault(path, []).append(event)

    def after(self, path: str) -> int | None:
        """The highest sequence of the events that came for an agent's waits; None before the first one."""
        return self._after.get(path)

    def take_for(self, path: str, pattern: EventPattern | None) -> Event | None:
        """Take the next event for a waiting agent.

        Args:
            path: the agent's path.
            pattern: events for the run itself that the agent may take as well; None takes none of them.
        """
        if self._woken.get(path):
            return self._woken[path].pop(0)
        while (found := self._first_direct(pattern)) is not None:
            event = self._direct.pop(found)
            if self._is_new(path, event):
                return event
        return None

    def has_for(self, path: str, pattern: EventPattern | None) -> bool:
        """Whether `take_for` may find one."""
        return bool(self._woken.get(path)) or self._first_direct(pattern) is not None

    def take(self, wanted: Callable[[Event], bool]) -> list[Event]:
        """Take the events for the run itself that are wanted, in the order they came."""
        taken: list[Event] = []
        left: list[Event] = []
        for event in self._direct:
            (taken if wanted(event) else left).append(event)
        self._direct = left
        return taken

    def has(self, wanted: Callable[[Event], bool]) -> bool:
        """Whether an event for the run itself is wanted."""
        return any(map(wanted, self._direct))

    def state(self) -> dict[str, Any]:
        """Everything that a new history needs, as JSON values. What comes after this is late."""
        self._noted = []
        return {
            "direct": [event.model_dump(mode="json") for event in self._direct],
            "woken": {path: [event.model_dump(mode="json") for event in held] for path, held in self._woken.items()},
            "after": dict(self._after),
            "seen": list(self._seen),
        }

    def late(self) -> tuple[Received, ...]:
        """What came after `state` was asked."""
        return tuple(self._noted or ())

    def restore(self, state: dict[str, Any]) -> None:
        """Put what an earlier history held before what has come to this one."""
        noted, self._noted = self._noted, None
        self._direct = list(map(Event.model_validate, state.get("direct", ())))
        self._woken = {path: list(map(Event.model_validate, held)) for path, held in state.get("woken", {}).items()}
        self._after = dict(state.get("after", {}))
        self._seen = dict.fromkeys(state.get("seen", ()))
        for received in noted or ():
            self.receive(received)

    def _first_direct(self, pattern: EventPattern | None) -> int | None:
        if pattern is None:
            return None
        return next((place for place, event in enumerate(self._direct) if pattern.matches(event)), None)

    def _is_new(self, path: str | None, event: Event) -> bool:
        name = "\n".join((path or "", event.source, event.id))
        key = hashlib.blake2b(name.encode(), digest_size=8).hexdigest()
        if key in self._seen:
            return False
        self._seen[key] = None
        for oldest in self._oldest():
            del self._seen[oldest]
        return True

    def _oldest(self) -> Iterator[str]:
        surplus = len(self._seen) - _MOST_SEEN
        return iter(list(self._seen)[:surplus] if surplus > 0 else ())


def wait_id(*, workflow_id: str, run_id: str, path: str, number: int) -> str:
    """The id of an agent's wait; no part of a workflow id or a Temporal run id is "|"."""
    return f"{workflow_id}|{run_id}|{path}:{number}"


def path_of(wait: str) -> str:
    """The path of the agent whose wait it is."""
    return wait.split("|", 2)[-1].rpartition(":")[0]
