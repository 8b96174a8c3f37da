"""Rows of the event log as contracts, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Row

from contracts.events import STATE_CHANGED, Delivery, Event, Wait
from memory.state.rows import json_text, json_value, moment

_TOLD = ("namespace", "key", "branch", "version", "transition", "run", "step", "why")
# What a row of `deliveries` has in columns of its own.
_APART = {"id", "attempts", "error"}


def change(row: Row[Any]) -> Event:
    """Return the event that a version is."""
    value = None if row.gone else json_value(row.value)
    told = {name: getattr(row, name) for name in _TOLD}
    # Rows hold what was checked when it was written.
    return Event.model_construct(
        id=str(row.seq),
        source=f"/state/{row.branch}/{row.namespace}",
        type=STATE_CHANGED,
        subject=row.key,
        data={**told, "value": value, "gone": bool(row.gone)},
        time=moment(row.written_at),
        sequence=row.seq,
        tenant=row.tenant,
        change=(row.branch, row.namespace, row.key),
    )


def emitted(row: Row[Any]) -> Event:
    """Return the event that a commit told of."""
    return Event.model_construct(
        id=row.id,
        source=row.source,
        type=row.type,
        subject=row.subject,
        data=json_value(row.data),
        time=moment(row.time),
        sequence=row.seq,
        tenant=row.tenant,
        change=None,
    )


def delivery(row: Row[Any]) -> Delivery:
    """Return what a row of `deliveries` says."""
    fields = json_value(row.delivery)
    return Delivery(**{**fields, "id": row.id, "attempts": row.attempts, "error": row.error})


def delivery_values(delivery: Delivery) -> dict[str, Any]:
    """Return the parameters with which a delivery is added."""
    return {
        "p_tenant": delivery.tenant,
        "p_target": delivery.target,
        "p_name": delivery.name,
        "p_lane": delivery.lane,
        "p_event_seq": delivery.event.sequence,
        "p_delivery": delivery.model_dump_json(exclude=_APART),
    }


def lane_values(delivery: Delivery) -> dict[str, Any]:
    """Return the parameters that name a delivery's lane."""
    return {
        "p_tenant": delivery.tenant,
        "p_target": delivery.target,
        "p_name": delivery.name,
        "p_lane": delivery.lane,
    }


def wait(row: Row[Any], documents: Iterable[tuple[str, str]]) -> Wait:
    """Return what a row of `waits` says."""
    return Wait(
        id=row.id,
        workflow_id=row.workflow_id,
        tenant=row.tenant,
        branch=row.branch,
        documents=tuple(documents),
        type=row.type,
        source=row.source,
        when=row.condition,
        bound=json_value(row.bound),
        after=row.after_seq,
    )


def wait_values(wait: Wait) -> Mapping[str, Any]:
    """Return the parameters with which a wait is added."""
    return {
        "p_id": wait.id,
        "p_workflow_id": wait.workflow_id,
        "p_tenant": wait.tenant,
        "p_branch": wait.branch,
        "p_type": wait.type,
        "p_source": wait.source,
        "p_condition": wait.when,
        "p_bound": json_text(wait.bound),
        "p_after": wait.after,
    }
