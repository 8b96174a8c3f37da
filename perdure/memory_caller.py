"""Whose memories are meant: the keywords `user`, `agent`, `team`, … that all calls of memory take."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict

from contracts.base import Contract
from contracts.errors import BadRequest
from contracts.memories import Caller, MemoryKind, MemoryScope, MemorySource
from contracts.recall import MemoryFilter
from perdure import checked

_IDS = ("user", "agent", "team", "session")


class Whose(TypedDict, total=False):
    """Whose memories are meant; what is left out is as `Memories.of` said, or nobody's in particular."""

    user: str | None
    agent: str | None
    team: str | None
    session: str | None
    tenant: str
    branch: str
    operator: bool


class Details(Whose, total=False):
    """What may be said of a new memory besides its text. See `contracts.memories.MemoryDraft`."""

    id: str
    kind: MemoryKind
    speaker: str | None
    tags: Sequence[str]
    entities: Sequence[str]
    importance: float
    pinned: bool
    status: Literal["active", "review"]
    doubt: str | None
    supersedes: Sequence[str]
    happened_at: datetime | None
    valid_from: datetime | None
    valid_until: datetime | None
    expires_at: datetime | None
    hold: bool
    source: MemorySource
    metadata: Mapping[str, Any]


class Changes(Whose, total=False):
    """What may be changed of a memory. See `contracts.memories.MemoryRevision`."""

    text: str
    kind: MemoryKind
    speaker: str | None
    tags: Sequence[str]
    entities: Sequence[str]
    importance: float
    pinned: bool
    valid_until: datetime | None
    expires_at: datetime | None
    hold: bool
    grants: Sequence[Any]
    metadata: Mapping[str, Any]


def caller(base: Caller, whose: Mapping[str, Any]) -> Caller:
    """Return who asks: a caller with other ids, tenant, branch or rights.

    Raises:
        BadRequest: an id is not allowed, or there is no such keyword.
    """
    _refuse_unknown(whose, known=Whose.__annotations__)
    ids = {name: whose[name] for name in _IDS if name in whose}
    rest = {name: value for name, value in whose.items() if name not in _IDS}
    scope = checked.made(MemoryScope, {**base.scope.model_dump(), **ids})
    return checked.made(Caller, {**base.model_dump(), **rest, "scope": scope})


def split(base: Caller, options: Mapping[str, Any], *, model: type[Contract]) -> tuple[Caller, dict[str, Any]]:
    """Return who asks, and the options that are fields of a model.

    Raises:
        BadRequest: there is no such option. Passed over, a mistyped `user` would ask for what everybody may see.
    """
    _refuse_unknown(options, known=[*Whose.__annotations__, *model.model_fields])
    whose = {name: value for name, value in options.items() if name in Whose.__annotations__}
    return caller(base, whose), {name: value for name, value in options.items() if name not in whose}


def filtered(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return options whose `filter`, where it was given by its fields, is one.

    Raises:
        BadRequest: a field of it is wrong, or there is no such field.
    """
    found = dict(fields)
    if isinstance(given := found.get("filter"), Mapping):
        _refuse_unknown(given, known=MemoryFilter.model_fields)
        found["filter"] = checked.made(MemoryFilter, given, what="the filter")
    return found


def _refuse_unknown(given: Iterable[str], *, known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            raise BadRequest(f"there is no option {name!r}: there are {', '.join(known)}")
