"""`perdure memory`: whose memories a command works with, and how its values are read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.errors import BadRequest
from perdure.cli import documents, interrupts, values
from perdure.memory import Memories
from perdure.memory_opening import MemoryOpening
from perdure.settings import Settings
from perdure.stores import Opening

IDS = ("user", "agent", "team", "session")


@dataclass(frozen=True, kw_only=True)
class Whose:
    """Whose memories are meant, and who works with them. Who names nobody sees all of the tenant."""

    user: str | None = None
    agent: str | None = None
    team: str | None = None
    session: str | None = None
    tenant: str = "default"
    branch: str = "main"
    by: str | None = None

    @classmethod
    def of(cls, typed: Mapping[str, Any]) -> Whose:
        """Return it from the parameters of a command, by their names."""
        return cls(**{name: typed[name] for name in cls.__dataclass_fields__ if name in typed})

    def memories(self, opening: MemoryOpening) -> Memories:
        """Return the memories that this names.

        Raises:
            BadRequest: an id is not allowed.
        """
        named = {name: getattr(self, name) for name in IDS}
        actor = self.by if self.by is not None else documents.you()
        whose: dict[str, Any] = {**named, "tenant": self.tenant, "branch": self.branch}
        return Memories(memory=opening).of(**whose, operator=not any(named.values())).by(actor)


def with_memory(work: Callable[[Memories], Awaitable[int]], whose: Whose) -> int:
    """Open memory, do something with it, and return the exit code."""

    async def opened() -> int:
        settings = Settings.load()
        stores = Opening(settings)
        memory = MemoryOpening(stores, settings)
        try:
            return await work(whose.memories(memory))
        finally:
            await memory.close()
            await stores.close()

    return interrupts.run(lambda _: opened())


@dataclass(frozen=True, kw_only=True)
class Narrowed:
    """What narrows a search, by the names of its options. See `contracts.recall.MemoryFilter`."""

    kind: Sequence[str] | None = None
    status: Sequence[str] | None = None
    tag: Sequence[str] | None = None
    any_tag: Sequence[str] | None = None
    entity: Sequence[str] | None = None
    speaker: str | None = None
    pinned: bool = False
    held: bool = False
    min_importance: float | None = None
    max_importance: float | None = None
    contains: str | None = None
    since: str | None = None
    until: str | None = None
    written_since: str | None = None
    written_until: str | None = None
    expires_before: str | None = None
    run: str | None = None
    thread: str | None = None
    document: str | None = None
    actor: str | None = None
    meta: Sequence[str] | None = None
    exactly: bool = False

    @classmethod
    def of(cls, typed: Mapping[str, Any]) -> Narrowed:
        """Return it from the parameters of a command, by their names."""
        return cls(**{name: typed[name] for name in cls.__dataclass_fields__ if name in typed})

    def filter(self, whose: Whose) -> dict[str, Any]:
        """Return it as fields of a filter.

        Raises:
            BadRequest: a time or a condition cannot be read.
        """
        # An option that was not given is None, False or an empty list; an importance of 0 says something.
        same = {field: getattr(self, name) or None for name, field in _SAME.items()}
        times = {field: moment(getattr(self, name), option=_option(name)) for name, field in _TIMES.items()}
        scope = {name: getattr(whose, name) for name in IDS} if self.exactly else None
        importance = {name: getattr(self, name) for name in ("min_importance", "max_importance")}
        found = {**same, **times, **importance, "metadata": _conditions(self.meta or ()), "scope": scope}
        return {name: value for name, value in found.items() if value is not None}


def described(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a command says of a memory: its parameters, by the fields that they are of.

    Raises:
        BadRequest: a time cannot be read.
    """
    found = {field: typed.get(name) for name, field in _DESCRIBED.items()}
    times = {field: moment(typed.get(name), option=_option(name)) for name, field in _DESCRIBED_TIMES.items()}
    flags = {field: _either(typed, yes, no) for field, (yes, no) in _FLAGS.items()}
    status = {"status": "review"} if typed.get("doubt") else {}
    return {name: value for name, value in {**found, **times, **flags, **status}.items() if value is not None}


_SAME = {
    "kind": "kinds",
    "status": "statuses",
    "tag": "tags",
    "any_tag": "any_tags",
    "entity": "entities",
    **{name: name for name in ("speaker", "pinned", "held", "contains", "run", "thread", "document", "actor")},
}
_TIMES = {
    "since": "said_after",
    "until": "said_before",
    "written_since": "written_after",
    "written_until": "written_before",
    "expires_before": "expires_before",
}
_DESCRIBED = {
    "tag": "tags",
    "entity": "entities",
    **{name: name for name in ("kind", "speaker", "importance", "supersedes", "doubt")},
}
_DESCRIBED_TIMES = {"happened": "happened_at", "valid_until": "valid_until", "expires": "expires_at"}
_FLAGS = {"pinned": ("pin", "unpin"), "hold": ("hold", "release")}


def _either(typed: Mapping[str, Any], yes: str, no: str) -> bool | None:
    """Return which of two flags was typed; None for neither."""
    if typed.get(yes):
        return True
    return False if typed.get(no) else None


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def moment(argument: str | None, *, option: str) -> datetime | None:
    """Return a time; a day alone is its beginning, and without a zone it is this machine's.

    Raises:
        BadRequest: it cannot be read.
    """
    if argument is None:
        return None
    try:
        found = datetime.fromisoformat(argument)
    except ValueError as error:
        raise BadRequest(
            f"{option} {argument!r} cannot be read: write a day such as 2026-01-31, or a time such as"
            " 2026-01-31T12:00:00+01:00"
        ) from error
    return found if found.tzinfo is not None else found.astimezone()


def _conditions(arguments: Sequence[str]) -> dict[str, Any]:
    found = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or not name.strip():
            raise BadRequest(f"--meta {argument!r} cannot be read: write NAME=VALUE, such as ticket=17")
        found[name.strip()] = values.json_or_text(value)
    return found
