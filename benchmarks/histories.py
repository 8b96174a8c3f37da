"""What a run wrote into Temporal's history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

SCHEDULED = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
COMPLETED = EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
CONTINUED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
_MILLISECOND = timedelta(milliseconds=1)

History = Sequence[HistoryEvent]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One activity: from its schedule to its result, and to the schedule of the next one. Milliseconds."""

    result: float
    next: float | None


async def chain(client: Client, run_id: str) -> list[History]:
    """All histories of a run, one for each part that continue-as-new made of it."""
    first = client.get_workflow_handle(run_id)
    parts: list[History] = []
    next_run: str | None = (await first.describe()).raw_description.workflow_execution_info.first_run_id
    while next_run:
        handle = client.get_workflow_handle(run_id, run_id=next_run)
        parts.append([event async for event in handle.fetch_history_events()])
        last = parts[-1][-1]
        next_run = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id or None
    return parts


def steps(history: History) -> Iterator[Step]:
    """The activities of a history, in order. Local ones are none, as they are no event of their own."""
    scheduled = [event for event in history if event.event_type == SCHEDULED]
    results = {
        event.activity_task_completed_event_attributes.scheduled_event_id: event
        for event in history
        if event.event_type == COMPLETED
    }
    for event, following in zip(scheduled, [*scheduled[1:], None], strict=True):
        yield Step(
            result=_between(event, results[event.event_id]), next=_between(event, following) if following else None
        )


def size(history: History) -> int:
    """Bytes of all events."""
    return sum(event.ByteSize() for event in history)


def sizes_by_call(parts: Sequence[History], *, activity: str) -> list[int]:
    """The bytes that each call added: from its schedule to that of the next call.

    The last call of each part has 0, as what ends a part belongs to no call, nor does what begins one.
    """
    return [added for part in parts for added in _sizes(part, activity)]


def _sizes(part: History, activity: str) -> list[int]:
    starts = [position for position, event in enumerate(part) if _calls(event, activity)]
    ends = [*starts[1:], starts[-1]]
    return [size(part[start:end]) for start, end in zip(starts, ends, strict=True)]


def _calls(event: HistoryEvent, activity: str) -> bool:
    return event.activity_task_scheduled_event_attributes.activity_type.name == activity


def _between(first: HistoryEvent, second: HistoryEvent) -> float:
    return (second.event_time.ToDatetime() - first.event_time.ToDatetime()) / _MILLISECOND
