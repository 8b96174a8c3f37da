"""The local activities that read and evaluate: they may run twice, and change nothing."""

from __future__ import annotations

from temporalio import activity

from activities.failures import as_failures
from activities.state_reads import read
from contracts.decisions import Decision
from contracts.errors import PayloadTooLarge
from contracts.ports import StateStore
from contracts.steps import DecideRequest, ReadDocument, ReadRequest, Resolved, ResolveRequest
from expressions import decisions, templates

MAX_VALUE_BYTES = 192 * 1024


class Decisions:
    """Reads documents and evaluates expressions over them.

    Args:
        state: the state store.
    """

    def __init__(self, state: StateStore) -> None:
        self._state = state

    @activity.defn(name="decide")
    async def decide(self, request: DecideRequest) -> Decision:
        """Say which case is the first that holds, with all evidence. All documents are of one snapshot."""
        with as_failures():
            found = await read(self._state, request)
            return decisions.decide(
                request.step,
                request.cases,
                request.otherwise,
                {**request.bound, **found.values},
                visit=request.visit,
                on_error=request.on_error,
                seen=found.seen(),
                sequence=found.sequence or 0,
            )

    @activity.defn(name="resolve")
    async def resolve(self, request: ResolveRequest) -> Resolved:
        """Fill a template from one snapshot."""
        with as_failures():
            found = await read(self._state, request)
            value = templates.fill(request.template, {**request.bound, **found.values})
            resolved = Resolved(value=value, sequence=found.sequence, documents=found.seen())
            if (size := len(resolved.model_dump_json().encode())) > MAX_VALUE_BYTES:
                advice = "name less of the documents"
                raise PayloadTooLarge(f"what {request.step!r} reads", size=size, limit=MAX_VALUE_BYTES, advice=advice)
            return resolved

    @activity.defn(name="read_state")
    async def read_state(self, request: ReadRequest) -> dict[str, ReadDocument]:
        """Return documents of one snapshot by their names."""
        with as_failures():
            found = await read(self._state, request)
            values = found.values
            return {
                name: ReadDocument(value=values[name], version=found.version(name), sequence=found.sequence)
                for name in found.documents
            }
