"""The activity that writes documents: what a repeated attempt finds written already it does not write again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from temporalio import activity

from activities.failures import as_failures
from activities.heartbeat import heartbeating
from activities.journal import call_key
from activities.state_reads import Reading, read
from contracts.errors import BadRequest, IdempotencyMismatch, VersionConflict
from contracts.flows import Assignment
from contracts.ports import StateStore
from contracts.state import ABSENT, ANY, Commit, Committed, Document, Expect, Place, Write
from contracts.steps import NamedPlace, WriteStateRequest, WrittenState
from expressions import templates

# A document that many write at once: each lost race is somebody else's success.
_MOST_RACES = 100
_LONGEST_PAUSE = 0.05
_PAGE = 100


class StateWrites:
    """Writes what steps say.

    Args:
        state: the state store.
    """

    def __init__(self, state: StateStore) -> None:
        self._state = state

    @activity.defn(name="write_state")
    async def write_state(self, request: WriteStateRequest) -> WrittenState:
        """Write all documents of a request, or none. Those that were read are read again when somebody was faster."""
        with as_failures():
            async with heartbeating():
                return await self._write(request)

    async def _write(self, request: WriteStateRequest) -> WrittenState:
        for race in range(1, _MOST_RACES + 1):
            found = await read(self._state, request)
            commit = _commit(request, found)
            try:
                return _written(request, await self._state.commit(commit))
            except IdempotencyMismatch:
                # The key is this activity's alone: an earlier attempt has written, before it could say so, and what
                # it wrote was read now. What it made stands in the history of its documents.
                if activity.info().attempt == 1:
                    raise
                return await self._written_before(request, commit)
            except VersionConflict:
                if race == _MOST_RACES or not _may_read_again(request):
                    raise
            await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE * race / _MOST_RACES))
        raise AssertionError("unreachable")

    async def _written_before(self, request: WriteStateRequest, commit: Commit) -> WrittenState:
        documents = [await self._own(commit, write) for write in commit.writes]
        return _written(
            request, Committed(sequence=max(document.sequence for document in documents), documents=tuple(documents))
        )

    async def _own(self, commit: Commit, write: Write) -> Document:
        """The latest version that this activity wrote."""
        place = Place(namespace=write.namespace, key=write.key, branch=commit.branch, tenant=commit.tenant)
        before: int | None = None
        while page := await self._state.history(place, limit=_PAGE, before=before):
            for document in page:
                if (document.author.run, document.author.step) == (commit.author.run, commit.author.step):
                    return document
            before = page[-1].version
        raise IdempotencyMismatch(
            f"{commit.idempotency_key!r} was written before, but not to {write.namespace}/{write.key}"
        )


def _commit(request: WriteStateRequest, found: Reading) -> Commit:
    bindings = {**request.bound, **found.values}
    places = {place.name: place for place in request.documents}
    try:
        assigned = [
            _filled(assignment, places[assignment.document], found, bindings) for assignment in request.assignments
        ]
        return Commit(
            writes=(*assigned, *request.writes),
            tenant=request.tenant,
            branch=request.branch,
            author=request.author,
            idempotency_key=call_key(),
        )
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise BadRequest(f"step {request.step!r}: {place}: {fault['msg'].removeprefix('Value error, ')}") from error


def _filled(assignment: Assignment, place: NamedPlace, found: Reading, bindings: Mapping[str, Any]) -> Write:
    expect = _expected(assignment, found)
    if assignment.delete:
        return Write(kind="delete", namespace=place.namespace, key=place.key, expect=expect)
    kind, template = ("patch", assignment.patch) if assignment.put is None else ("put", assignment.put)
    value = templates.fill(template, bindings)
    return Write(kind=kind, namespace=place.namespace, key=place.key, value=value, expect=expect)  # type: ignore[arg-type]


def _expected(assignment: Assignment, found: Reading) -> Expect:
    if assignment.expect == "absent":
        return ABSENT
    if assignment.expect == "any":
        return ANY
    version = found.version(assignment.document)
    return ABSENT if version is None else version


def _may_read_again(request: WriteStateRequest) -> bool:
    """Whether the conflict is one of a race; a document that had to be absent, or at a version, stays a conflict."""
    return not request.writes and any(assignment.expect == "read" for assignment in request.assignments)


def _written(request: WriteStateRequest, committed: Committed) -> WrittenState:
    names = {(place.namespace, place.key): place.name for place in request.documents}
    versions = {
        names.get((document.place.namespace, document.place.key), f"{document.place.namespace}/{document.place.key}"): (
            document.version
        )
        for document in committed.documents
    }
    return WrittenState(versions=versions, sequence=committed.sequence)
