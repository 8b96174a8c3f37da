"""Triggers: rules that say what follows from an event, kept as documents.

A trigger sees the events that came after it was written. Changes on a branch other than `main` reach only triggers
whose source names that branch ("/state/<branch>/…"), so that a trial on a branch does not set off what is real.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from contracts.base import Contract
from contracts.errors import BadRequest, ExpressionFailed
from contracts.events import Event, Trigger
from contracts.ports import StateStore
from contracts.state import MAIN, TRIGGERS_NAMESPACE, Document, Place, Query
from events import faults
from expressions import checker, evaluator, paths

EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "source": {"type": "string"},
        "type": {"type": "string"},
        "subject": {"type": ["string", "null"]},
        "data": {},
        "time": {"type": "string"},
    },
}
_PAGE = 200
_LOG = logging.getLogger(__name__)


def checked(name: str, value: Any) -> Trigger:
    """Return the trigger that a document holds; its name is the document's key.

    Raises:
        BadRequest: a field is wrong, or the condition or a template does not compile; the message names it.
    """
    if not isinstance(value, dict):
        raise BadRequest(f"trigger {name!r}: the document holds {value!r}, and a trigger is an object")
    try:
        trigger = Trigger.model_validate({**value, "name": name})
    except ValidationError as error:
        raise BadRequest(f"trigger {name!r}: {faults.told(error)}") from error
    if unknown := [*_unknown(value, Trigger), *_unknown_of_action(value, trigger)]:
        raise BadRequest(f"trigger {name!r}: unknown field {', '.join(unknown)}")
    check(trigger)
    return trigger


def check(trigger: Trigger) -> None:
    """Check the condition and the templates of a trigger.

    Raises:
        InvalidExpression: one does not compile, or names what an event does not have.
    """
    if trigger.when is not None:
        checker.check(trigger.when, {"event": EVENT_SCHEMA}, expects="bool")
    for expression in paths.expressions_in(action_of(trigger)):
        checker.check(expression, {"event": EVENT_SCHEMA}, expects="any")


def _unknown(value: Mapping[str, Any], kind: type[Contract], place: str = "") -> list[str]:
    return [f"{place}{name}" for name in sorted(set(value) - set(kind.model_fields))]


def _unknown_of_action(value: Mapping[str, Any], trigger: Trigger) -> list[str]:
    kinds = {"start_team": trigger.start_team, "start_flow": trigger.start_flow, "signal": trigger.signal}
    return [
        unknown
        for name, action in kinds.items()
        if action is not None
        for unknown in _unknown(value[name], type(action), f"{name}.")
    ]


def action_of(trigger: Trigger) -> dict[str, Any]:
    """Return a trigger's one action as JSON; its texts may hold ${event.…}."""
    action = trigger.start_team or trigger.start_flow or trigger.signal
    return action.model_dump(mode="json") if action is not None else {}


def fits(trigger: Trigger, event: Event) -> bool:
    """Whether a trigger asks for events of this type and source."""
    if not matches(trigger.type, event.type) or not matches(trigger.source, event.source):
        return False
    if event.change is None or event.change[0] == MAIN:
        return True
    return trigger.source is not None and trigger.source.startswith(f"/state/{event.change[0]}/")


def holds(trigger: Trigger, event: Event) -> bool:
    """Whether a trigger's condition is true for an event.

    Raises:
        ExpressionFailed: it cannot be evaluated, or is neither true nor false.
    """
    if trigger.when is None:
        return True
    return is_true(trigger.when, {"event": event.value})


def is_true(condition: str, bindings: dict[str, Any]) -> bool:
    """Evaluate a condition.

    Raises:
        ExpressionFailed: it cannot be evaluated, or is neither true nor false.
        InvalidExpression: it does not compile.
    """
    answer = evaluator.evaluate(condition, bindings)
    if not isinstance(answer, bool):
        raise ExpressionFailed(f"it is {answer!r}, neither true nor false", expression=condition, values=bindings)
    return answer


def matches(pattern: str | None, text: str) -> bool:
    """Whether a text is what a pattern asks for: None is any, "*" at the end matches any rest."""
    if pattern is None or pattern == text:
        return True
    return pattern.endswith("*") and text.startswith(pattern[:-1])


@dataclass
class TriggerBook:
    """The triggers as they were at a place in the order of events, which moves on with them.

    Args:
        state: where triggers are kept.
    """

    state: StateStore
    _triggers: dict[str, dict[str, Trigger]] = field(default_factory=dict)

    async def open(self, tenant: str, *, at: int) -> None:
        """Read a tenant's triggers as of a sequence, unless that was done before."""
        if tenant in self._triggers:
            return
        self._triggers[tenant] = {}
        after: str | None = None
        while True:
            query = Query(namespace=TRIGGERS_NAMESPACE, tenant=tenant, limit=_PAGE, after=after)
            page = await self.state.query(query)
            for document in page.documents:
                await self._read(document, at=at)
            if (after := page.after) is None:
                return

    def follow(self, event: Event) -> None:
        """Take over an event that tells of a change of a trigger."""
        if event.change is None or event.change[:2] != (MAIN, TRIGGERS_NAMESPACE):
            return
        self._put(event.tenant, event.change[2], None if event.data.get("gone") else event.data.get("value"))

    def matching(self, event: Event) -> Iterator[Trigger]:
        """Yield the triggers that an event sets off.

        One whose condition cannot be evaluated is among them: who acts on it meets the error, and shows it.
        """
        for trigger in self._triggers.get(event.tenant, {}).values():
            if trigger.enabled and fits(trigger, event) and _may_hold(trigger, event):
                yield trigger

    async def _read(self, document: Document, *, at: int) -> None:
        """A trigger that was changed since is taken as it was; one that was deleted since is gone at once."""
        found: Document | None = document
        if document.sequence > at:
            place = Place(namespace=TRIGGERS_NAMESPACE, key=document.place.key, tenant=document.place.tenant)
            found = await self.state.get(place, as_of=at)
        self._put(document.place.tenant, document.place.key, found.value if found is not None else None)

    def _put(self, tenant: str, name: str, value: Any) -> None:
        triggers = self._triggers.setdefault(tenant, {})
        triggers.pop(name, None)
        if value is None:
            return
        try:
            triggers[name] = checked(name, value)
        except BadRequest as error:
            # One bad trigger stops no other; `perdure triggers` shows it with its fault.
            _LOG.warning("the trigger %r of tenant %s is passed over: %s", name, tenant, error)


def _may_hold(trigger: Trigger, event: Event) -> bool:
    try:
        return holds(trigger, event)
    except (ExpressionFailed, BadRequest) as error:
        _LOG.warning("trigger %s and event %s of %s: %s", trigger.name, event.id, event.source, error)
        return True
