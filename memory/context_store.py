"""What agents keep between runs, as documents of the state store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ValidationError

from contracts.errors import BadRequest
from contracts.ports import StateStore
from contracts.state import CONTEXT_NAMESPACE, DEFAULT_TENANT, MAIN, Commit, Document, Place, Write


class StateContextStore:
    """Keeps contexts in the namespace `perdure.context`, so they have versions, history and branches like all state.

    Args:
        state: the state store.
    """

    def __init__(self, state: StateStore) -> None:
        self._state = state

    async def store(self, agent: str, value: Mapping[str, Any], *, commit: Commit) -> Document:
        """See `ContextStore.store`."""
        return await self._write("put", agent, value, commit)

    async def update(self, agent: str, patch: Mapping[str, Any], *, commit: Commit) -> Document:
        """See `ContextStore.update`."""
        return await self._write("patch", agent, patch, commit)

    async def retrieve(self, agent: str, *, tenant: str = DEFAULT_TENANT, branch: str = MAIN) -> Mapping[str, Any]:
        """See `ContextStore.retrieve`."""
        try:
            place = Place(namespace=CONTEXT_NAMESPACE, key=agent, branch=branch, tenant=tenant)
        except ValidationError as error:
            raise _refused(agent, error) from error
        found = await self._state.get(place)
        value: Mapping[str, Any] = {} if found is None else found.value
        return value

    async def _write(
        self, kind: Literal["put", "patch"], agent: str, value: Mapping[str, Any], commit: Commit
    ) -> Document:
        if commit.writes or commit.events:
            raise BadRequest("the commit of a context must hold no writes and no events: make them with another commit")
        try:
            write = Write(kind=kind, namespace=CONTEXT_NAMESPACE, key=agent, value=dict(value))
        except ValidationError as error:
            raise _refused(agent, error) from error
        committed = await self._state.commit(commit.model_copy(update={"writes": (write,)}))
        return committed.documents[0]


def _refused(agent: str, error: ValidationError) -> BadRequest:
    return BadRequest(f"the context of {agent[:100]!r} cannot be kept: {error.errors()[0]['msg']}")
