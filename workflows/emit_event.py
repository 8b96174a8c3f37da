"""Emits the event of a schedule, once for each of its times."""

from __future__ import annotations

from datetime import UTC, timedelta

from temporalio import workflow
from temporalio.common import SearchAttributeKey

from contracts.events import ScheduledEmission
from contracts.state import Author
from contracts.steps import Emission, EmitEventsRequest

_SET_TIME = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")


@workflow.defn(name="EmitEvent")
class EmitEvent:
    """Started by a Temporal Schedule. The event's id holds the time that was set, so a repeat emits nothing new."""

    @workflow.run
    async def run(self, emission: ScheduledEmission) -> Emission:
        """Emit the event, and return the sequence that it was kept with."""
        info = workflow.info()
        set_time = (info.typed_search_attributes.get(_SET_TIME) or info.start_time).astimezone(UTC)
        event = emission.schedule.event
        kept: Emission = await workflow.execute_activity(
            "emit_events",
            EmitEventsRequest(
                events=(event.model_copy(update={"id": f"{event.id}@{set_time.isoformat()}", "time": set_time}),),
                author=Author(actor=f"schedule {emission.schedule.name}", run=info.workflow_id),
                tenant=emission.tenant,
            ),
            result_type=Emission,
            start_to_close_timeout=timedelta(seconds=10),
            summary=event.type,
        )
        return kept
