"""`perdure memory`: whose memories a command works with, and how its values are read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.errors import BadRequest
from perdure.cli import documents, interrupts, values
from perdure.memory import Memories
from perdure.memory_opening import MemoryOpening
from perdure.settings import Settings
from perdure.stores import Opening


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

    def memories(self, opening: MemoryOpening) -> Memories:
        """Return the memories that this names.

        Raises:
            BadRequest: an id is not allowed.
        """
        named = {name: getattr(self, name) for name in ("user", "agent", "team", "session")}
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
    """What narrows a search. See `contracts.recall.MemoryFilter`."""

    kinds: Sequence[str] | None = None
    statuses: Sequence[str] | None = None
    tags: Sequence[str] | None = None
    any_tags: Sequence[str] | None = None
    entities: Sequence[str] | None = None
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
    metadata: Sequence[str] | None = None
    exactly: bool = False

    def filter(self, whose: Whose) -> dict[str, Any]:
        """Return it as fields of a filter.

        Raises:
            BadRequest: a time or a condition cannot be read.
        """
        same = {name: value for name, value in vars(self).items() if name not in _READ and value}
        times = {field: moment(getattr(self, name), option=f"--{name.replace('_', '-')}") for name, field in _TIMES}
        numbers = {name: getattr(self, name) for name in ("min_importance", "max_importance")}
        scope = {name: getattr(whose, name) for name in ("user", "agent", "team", "session")}
        found = {**same, **times, **numbers, "metadata": _conditions(self.metadata or ())}
        return {
            **{name: value for name, value in found.items() if value is not None},
            **({"scope": scope} if self.exactly else {}),
        }


_TIMES = (
    ("since", "said_after"),
    ("until", "said_before"),
    ("written_since", "written_after"),
    ("written_until", "written_before"),
    ("expires_before", "expires_before"),
)
_READ = frozenset({"metadata", "exactly", "min_importance", "max_importance", *(name for name, _ in _TIMES)})


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
