"""What the steps of a flow ask of activities, and what comes back."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from contracts.base import Contract
from contracts.decisions import SeenDocument
from contracts.flows import Assignment, BranchCase
from contracts.state import DEFAULT_TENANT, MAIN, Author, Emitted, Key, Name, Write


class NamedPlace(Contract):
    """A document that expressions call by a name."""

    name: str
    namespace: Name
    key: Key


class ReadRequest(Contract):
    """Documents that are read in one snapshot, and what else expressions see."""

    step: str
    visit: int = 1
    documents: tuple[NamedPlace, ...] = ()
    bound: dict[str, Any] = Field(default={}, description="`input`, `steps`, `item`, `index`, `event`.")
    tenant: Name = DEFAULT_TENANT
    branch: Name = MAIN


class DecideRequest(ReadRequest):
    """Which case is the first that holds? The reply is a `Decision`."""

    cases: tuple[BranchCase, ...]
    otherwise: str = "false"
    on_error: str | None = None


class ResolveRequest(ReadRequest):
    """Fill a template whose expressions name documents or do more than name a path."""

    template: Any


class Resolved(Contract):
    """A filled template, and what it was filled from. `sequence` is None where no document was read."""

    value: Any = None
    sequence: int | None = None
    documents: tuple[SeenDocument, ...] = ()


class ReadDocument(Contract):
    """The value of a document, {} where it is not there, for workflows written by hand."""

    value: Any = None
    version: int | None = None
    sequence: int | None = None


class WriteStateRequest(ReadRequest):
    """Write documents, all or none.

    Args:
        assignments: filled from the documents as they are at that moment, which may happen several times.
        writes: written as they are.
        author: who writes, and why.
    """

    assignments: tuple[Assignment, ...] = ()
    writes: tuple[Write, ...] = ()
    author: Author = Author()


class WrittenState(Contract):
    """The versions that were written, by the documents' names, or by "namespace/key" for `writes`."""

    versions: dict[str, int] = {}
    sequence: int = 0


class FlowToolRequest(Contract):
    """Call a registered tool. `seconds` bounds one attempt; None leaves it to the tool."""

    step: str
    visit: int = 1
    tool: str
    arguments: dict[str, Any] = {}
    files: str | None = None
    seconds: float | None = None


class FlowToolOutcome(Contract):
    """What a tool returned, as a JSON value."""

    output: Any = None


class EmitEventsRequest(Contract):
    """Emit events. Their ids are the caller's, so that a repeat emits nothing new."""

    events: tuple[Emitted, ...] = Field(min_length=1, max_length=100)
    author: Author = Author()
    tenant: Name = DEFAULT_TENANT
    branch: Name = MAIN


class Emission(Contract):
    """The sequence that the events were kept with."""

    sequence: int


class WaitRegistered(Contract):
    """The sequence at which a wait was kept: every later change wakes the waiter."""

    sequence: int


class WaitEnded(Contract):
    """A wait that is over."""

    wait: str
