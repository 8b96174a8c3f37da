"""Search attributes that say where a flow stands; set only where the client that started it has set the others."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import SearchAttributeKey

_FLOW = SearchAttributeKey.for_keyword("PerdureFlow")
_PHASE = SearchAttributeKey.for_keyword("PerdurePhase")
_WAITING_FOR = SearchAttributeKey.for_keyword("PerdureWaitingFor")


def waits_for(what: str | None) -> None:
    """Say that the flow waits for a person, state, an event or a time; None: it does not."""
    if workflow.info().typed_search_attributes.get(_FLOW) is not None:
        update = _WAITING_FOR.value_unset() if what is None else _WAITING_FOR.value_set(what)
        workflow.upsert_search_attributes([update])


def ended(phase: str) -> None:
    """Say how the flow ended."""
    if workflow.info().typed_search_attributes.get(_PHASE) is not None:
        workflow.upsert_search_attributes([_PHASE.value_set(phase)])
