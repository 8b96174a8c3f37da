"""Events as CloudEvents 1.0 in JSON (structured mode), for whoever is outside.

Two attributes are ours: `sequence` (the event's place in the one order; the name is that of the CloudEvents extension)
and `perduretenant`. Other extension attributes of an event that comes in are accepted and not kept.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import ValidationError

from contracts.errors import BadRequest
from contracts.events import Event
from contracts.state import Emitted
from events import faults

CONTENT_TYPE = JSONFormat.CONTENT_TYPE


def written(event: Event) -> str:
    """Return an event as a CloudEvent in JSON."""
    attributes: dict[str, Any] = {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": event.time,
        "sequence": str(event.sequence),
        "perduretenant": event.tenant,
    }
    if event.subject:
        attributes["subject"] = event.subject
    if event.data is not None:
        attributes["datacontenttype"] = "application/json"
    return JSONFormat().write(CloudEvent(attributes, event.data)).decode()


def read(text: str | bytes) -> Emitted:
    """Return what a CloudEvent in JSON says, ready to be committed.

    Raises:
        BadRequest: it is not JSON, no CloudEvent 1.0, or a value is too long; the message names each attribute.
    """
    cloud = _parsed(text)
    try:
        return Emitted(
            id=cloud.get_id(),
            source=cloud.get_source(),
            type=cloud.get_type(),
            subject=cloud.get_subject(),
            data=cloud.get_data(),
            time=cloud.get_time(),
        )
    except ValidationError as error:
        raise BadRequest(f"the event cannot be kept: {faults.told(error)}") from error


def _parsed(text: str | bytes) -> CloudEvent:
    attributes = _attributes(text)
    data = attributes.pop("data", None)
    try:
        if "time" in attributes:
            attributes["time"] = datetime.fromisoformat(attributes["time"])
        # The package draws an id where none is given; an event without an id could not be sent twice safely.
        attributes.setdefault("id", "")
        attributes.setdefault("specversion", "")
        return CloudEvent(attributes, data)
    except CloudEventValidationError as error:
        raise BadRequest(f"this is no CloudEvent 1.0: {_reasons(error)}") from error
    except (TypeError, ValueError) as error:
        raise BadRequest(f"the event's time {attributes['time']!r} is not ISO 8601 with a zone") from error


def _attributes(text: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadRequest(f"the event is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadRequest(f"the event is a JSON {type(found).__name__}, and a CloudEvent is an object")
    if "data_base64" in found:
        raise BadRequest("the event has binary data (data_base64): send JSON in `data`, or the place of a file")
    # Of what JSON's null stands for, the specification says: not given.
    return {name: value for name, value in found.items() if value is not None}


def _reasons(error: CloudEventValidationError) -> str:
    return "; ".join(str(reasons[0]) for reasons in error.errors.values())
