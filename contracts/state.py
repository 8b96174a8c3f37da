"""Documents of the state store: what is read, what is written, who wrote it and why.

A document is (tenant, branch, namespace, key) -> a JSON value with version 1, 2, 3, …
"""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from contracts.base import Contract

DEFAULT_TENANT = "default"
MAIN = "main"
MAX_VALUE_BYTES = 1024 * 1024
MAX_DEPTH = 100
# Namespaces of the engine itself: rules of namespaces, triggers, flows and the context of agents are documents too.
RULES_NAMESPACE = "perdure.rules"
TRIGGERS_NAMESPACE = "perdure.triggers"
CONTEXT_NAMESPACE = "perdure.context"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ud800-\udfff]")


def checked_name(value: str) -> str:
    """Return the name of a tenant, branch or namespace.

    Raises:
        ValueError: it is not 1 to 100 letters, digits or . _ -, beginning with one of the first two or _.
    """
    if not _NAME.fullmatch(value) or ".." in value:
        raise ValueError(f"{value!r} must be 1 to 100 letters, digits or . _ - and begin with a letter, digit or _")
    return value


def checked_key(value: str) -> str:
    """Return a document's key: 1 to 300 bytes of text in parts divided by "/", none of them empty, "." or "..".

    Raises:
        ValueError: it is empty, too long, or holds what nobody sees, a pattern's signs or tricks of paths.
    """
    if found := _UNSEEN.search(value):
        raise ValueError(f"the key {value!r} holds the unseen character {found.group()!r}: remove it")
    if not value or len(value.encode()) > 300:
        raise ValueError(f"the key {value[:40]!r} must be 1 to 300 bytes long, it is {len(value.encode())}")
    if any(sign in value for sign in "*?[]\\"):
        raise ValueError(f"the key {value!r} must not hold any of * ? [ ] \\")
    if value != value.strip() or any(part in {"", ".", ".."} for part in value.split("/")):
        raise ValueError(f"the key {value!r} must not hold empty parts, '.' or '..', nor begin or end with a space")
    return value


def checked_value(value: Any) -> Any:
    """Return a JSON value that every backend keeps as it is.

    Raises:
        ValueError: it is not JSON, larger than 1 MiB, nested deeper than 100, or holds NaN, NUL or half a character.
    """
    _refuse_odd(value, depth=0)
    try:
        size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode())
    except UnicodeEncodeError as error:
        raise ValueError("a text in the value holds half a character (a lone surrogate): remove it") from error
    if size > MAX_VALUE_BYTES:
        raise ValueError(
            f"the value is {size:,} bytes, at most {MAX_VALUE_BYTES:,} are allowed: keep the material in a file and its"
            " place in the document"
        )
    return value


def _refuse_odd(value: Any, *, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"the value is nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        for name, part in value.items():
            _refuse_text(name)
            _refuse_odd(part, depth=depth + 1)
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_odd(part, depth=depth + 1)
    elif isinstance(value, str):
        _refuse_text(value)
    else:
        _refuse_no_json(value)


def _refuse_no_json(value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"the value holds {value}, which is not JSON")
    if value is not None and not isinstance(value, bool | int | float):
        raise ValueError(f"the value holds a {type(value).__name__}, which is not JSON")


def _refuse_text(value: Any) -> None:
    if not isinstance(value, str):
        raise ValueError(f"the value has the name {value!r}, and a name in JSON is text")
    if "\x00" in value:
        raise ValueError("a text in the value holds the character NUL, which PostgreSQL cannot query: remove it")


Name = Annotated[str, AfterValidator(checked_name)]
Key = Annotated[str, AfterValidator(checked_key)]
Json = Annotated[Any, BeforeValidator(checked_value)]


class Place(Contract):
    """Where a document is."""

    namespace: Name
    key: Key
    branch: Name = MAIN
    tenant: Name = DEFAULT_TENANT


class Author(Contract):
    """Who writes, in which run and step, and why. Kept with each version."""

    actor: str = Field(default="", max_length=200, description="Person, agent or program.")
    run: str | None = Field(default=None, max_length=300, description="Workflow id of the run or flow.")
    step: str | None = Field(default=None, max_length=300, description="Step of the flow, or activity id.")
    why: str | None = Field(default=None, max_length=2000, description="Reason, for people.")


class Document(Contract):
    """One version of a document. A deleted document has `gone` and the value None."""

    place: Place
    value: Any = None
    version: int = Field(ge=1)
    sequence: int = Field(description="Place of this change in the one order of all changes; gaps are allowed.")
    gone: bool = False
    restores: int | None = Field(default=None, description="The version whose value a rollback brought back.")
    author: Author = Author()
    written_at: datetime

    def satisfies(self, version: int) -> bool:
        """Whether somebody who expects `version` finds it here: a rollback to it counts."""
        return self.version == version or self.restores == version


ABSENT: Literal["absent"] = "absent"
ANY: Literal["any"] = "any"
Expect = int | Literal["absent", "any"]


class Fence(Contract):
    """A lease's name and token: the write is refused once the lease has ended or somebody else has it."""

    name: str
    token: int


class Write(Contract):
    """One change of a commit.

    `put` replaces the value, `patch` merges into it (JSON Merge Patch, RFC 7396; an absent document counts as {}),
    `delete` leaves a version that is gone, `restore` brings back the value of version `to`.
    """

    kind: Literal["put", "patch", "delete", "restore"]
    namespace: Name
    key: Key
    value: Json = None
    to: int | None = Field(default=None, ge=1)
    expect: Expect = Field(default=ANY, description="Version that must be current, 'absent', or 'any'.")


class Emitted(Contract):
    """An event to be sent when the commit is there. `id` is unique within `source`."""

    id: str = Field(min_length=1, max_length=200)
    source: str = Field(min_length=1, max_length=300)
    type: str = Field(min_length=1, max_length=200)
    subject: str | None = Field(default=None, max_length=300)
    data: Json = None
    time: datetime | None = Field(default=None, description="When it happened; by default when it was kept.")


class Commit(Contract):
    """Changes that are made together or not at all, with the events that tell of them.

    Args:
        writes: at most 100, each document once.
        events: put into the outbox in the same transaction.
        idempotency_key: a repeat with the same content changes nothing and returns what the first one returned.
        fence: a lease that must still be held.
    """

    writes: tuple[Write, ...] = Field(default=(), max_length=100)
    events: tuple[Emitted, ...] = Field(default=(), max_length=100)
    tenant: Name = DEFAULT_TENANT
    branch: Name = MAIN
    author: Author = Author()
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=500)
    fence: Fence | None = None


class Committed(Contract):
    """What a commit made. `repeated` tells that an earlier call with the same idempotency key had made it."""

    sequence: int = Field(description="Sequence of its last change or event.")
    documents: tuple[Document, ...] = ()
    repeated: bool = False


class Filter(Contract):
    """One condition of a query on a field. Values of another type than the field's never match.

    `field` is a path such as "customer.name"; a missing field matches only `missing`.
    """

    field: str = Field(min_length=1, max_length=300)
    test: Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "exists", "missing"] = "eq"
    value: Json = None


class Query(Contract):
    """Which current documents of one namespace are asked for.

    Args:
        where: all of these must hold.
        prefix: the key begins so.
        order: field path, or "key" (the default), "$sequence"; documents without the field come last.
        after: `Page.after` of the page before.
    """

    namespace: Name
    where: tuple[Filter, ...] = Field(default=(), max_length=20)
    prefix: str = ""
    order: str = "key"
    descending: bool = False
    limit: int = Field(default=100, ge=1, le=1000)
    after: str | None = None
    branch: Name = MAIN
    tenant: Name = DEFAULT_TENANT


class Page(Contract):
    """Some documents, and what is needed to ask for more; `after` is None on the last page."""

    documents: tuple[Document, ...]
    after: str | None = None


class Difference(Contract):
    """One place where two values differ, as JSON Patch (RFC 6902) names it: "/customer/name"."""

    path: str
    kind: Literal["added", "removed", "changed"]
    before: Any = None
    after: Any = None


class Branch(Contract):
    """A branch reads its parent as of `fork_sequence` and keeps its own changes. `main` has no parent."""

    name: Name
    tenant: Name = DEFAULT_TENANT
    parent: str | None = None
    fork_sequence: int = 0
    depth: int = Field(default=0, ge=0, le=8)
    state: Literal["open", "merged", "kept", "dropped"] = "open"


class MergeConflict(Contract):
    """A document that both the branch and its parent changed since the fork. None stands for: not there."""

    place: Place
    base: Document | None
    ours: Document | None = Field(description="As the parent has it.")
    theirs: Document | None = Field(description="As the branch has it.")


class Merged(Contract):
    """What a merge did. With conflicts that nobody decided nothing was written, and `committed` is None."""

    committed: Committed | None
    conflicts: tuple[MergeConflict, ...] = ()


class Lease(Contract):
    """A lock that ends by itself. Later holders get higher tokens."""

    name: str
    tenant: Name = DEFAULT_TENANT
    token: int
    holder: str
    expires_at: datetime

    @property
    def fence(self) -> Fence:
        """What a write hands in to be refused once this lease is over."""
        return Fence(name=self.name, token=self.token)


class Change(Contract):
    """A version as a watcher sees it. `late` tells that its wake-up was missed and a sweep found it."""

    document: Document
    late: bool = False


class Snapshot(Contract):
    """Several documents as they were at one moment; those that are not there are None."""

    sequence: int
    documents: tuple[Document | None, ...]


class Transition(Contract):
    """A way from one state to another.

    Args:
        event: name of the transition, such as "approve".
        source: the states that it leaves; "*" is every one.
        guard: CEL over `old` and `new` (the document's values); the transition is refused where it is not true.
    """

    event: str = Field(min_length=1, max_length=100)
    source: tuple[str, ...] = Field(min_length=1)
    target: str
    guard: str | None = None


class StateMachine(Contract):
    """Which states the documents of a namespace may have, and which way they may go from each."""

    field: str = Field(default="status", description="Path of the field that holds the state.")
    initial: tuple[str, ...] = Field(min_length=1, description="States a new document may have.")
    states: tuple[str, ...] = Field(min_length=1)
    transitions: tuple[Transition, ...] = ()
    final: tuple[str, ...] = Field(default=(), description="States that nothing leaves, and that may be deleted.")


class Rules(Contract):
    """What holds for all documents of a namespace; kept as a document under `perdure.rules/<namespace>`."""

    json_schema: dict[str, Any] | None = Field(default=None, description="JSON Schema (2020-12) of the values.")
    machine: StateMachine | None = None
