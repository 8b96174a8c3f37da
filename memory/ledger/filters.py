"""A filter of memories: conditions in SQL where a column says it, and a look at the row where only Python can tell.

Letters of any case, lists and JSON values mean the same on every database, because they are compared here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from contracts.recall import MemoryFilter
from memory.ledger.rows import MemoryRow, body_of, listed, stored
from memory.state.rows import json_text

# Names of the functions that tell where a part begins in a text; 0 where it is not in it.
POSITIONS = {"sqlite": "instr", "postgresql": "strpos"}
_SAID = "COALESCE(m.happened_at, m.text_at)"
_EQUAL = {
    "speaker": "m.speaker",
    "run": "m.source_run",
    "thread": "m.thread",
    "document": "m.document",
    "actor": "m.actor",
    "pinned": "m.pinned",
    "held": "m.hold",
}
_LIMITS = {
    "min_importance": "m.importance >=",
    "max_importance": "m.importance <=",
    "said_after": f"{_SAID} >=",
    "said_before": f"{_SAID} <",
    "written_after": "m.written_at >=",
    "written_before": "m.written_at <",
    "expires_before": "m.expires_at <",
}
_AMONG = {"ids": "m.id", "kinds": "m.kind", "statuses": "m.status"}


class Conditions:
    """Conditions that all must hold, with their parameters."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self.parameters: dict[str, Any] = {}

    def add(self, text: str, **parameters: Any) -> None:
        """Add a condition."""
        self._texts.append(text)
        self.parameters |= parameters

    def among(self, column: str, name: str, values: Iterable[Any]) -> None:
        """Ask for one of these values."""
        given = {f"{name}{number}": value for number, value in enumerate(values)}
        self.add(f"{column} IN ({', '.join(f':{key}' for key in given) or 'NULL'})", **given)

    @property
    def text(self) -> str:
        """All of them as one."""
        return " AND ".join(f"({text})" for text in self._texts) or "1 = 1"


def conditions(wanted: MemoryFilter, *, now: int, position: str) -> Conditions:
    """Return what SQL can tell of a filter: whatever fits it fits these, too.

    Args:
        wanted: the filter.
        now: in microseconds; what has expired by then is left out, unless the filter asks when something expires.
        position: the function of the database that looks for a part of a text.
    """
    found = Conditions()
    for name, column in _AMONG.items():
        if (values := getattr(wanted, name)) is not None:
            found.among(column, name, values)
    for name, column in _EQUAL.items():
        if (value := getattr(wanted, name)) is not None:
            found.add(f"{column} = :f_{name}", **{f"f_{name}": value})
    for name, comparison in _LIMITS.items():
        if (value := getattr(wanted, name)) is not None:
            number = value if "importance" in name else stored(value)
            found.add(f"{comparison} :f_{name}", **{f"f_{name}": number})
    if wanted.scope is not None:
        found.add("m.scope = :f_scope", f_scope=wanted.scope.key)
    if wanted.expires_before is None:
        found.add("m.hold OR m.expires_at IS NULL OR m.expires_at > :now", now=now)
    _add_tags(found, wanted, position=position)
    return found


def _add_tags(found: Conditions, wanted: MemoryFilter, *, position: str) -> None:
    """Leave out rows whose list of tags, as text, does not hold a tag. The others are looked at in Python."""
    for number, tag in enumerate(wanted.tags or ()):
        found.add(f"{position}(m.tags, :tag{number}) > 0", **{f"tag{number}": json_text(tag)})
    if wanted.any_tags is not None:
        given = {f"any{number}": json_text(tag) for number, tag in enumerate(wanted.any_tags)}
        found.add(" OR ".join(f"{position}(m.tags, :{name}) > 0" for name in given) or "1 = 0", **given)


class Content(NamedTuple):
    """What is looked at of a row; a `MemoryRow` has it, too."""

    id: str
    entities: str
    tags: str
    body: str
    text: str


Test = Callable[[MemoryRow | Content], bool]


def fits(wanted: MemoryFilter) -> Test | None:
    """Return what looks at the rows that fit the conditions; None where these say all."""
    tests = [test for test in (_tags(wanted), _entities(wanted), _contains(wanted), _metadata(wanted)) if test]
    return (lambda row: all(test(row) for test in tests)) if tests else None


def _tags(wanted: MemoryFilter) -> Test | None:
    if wanted.tags is None and wanted.any_tags is None:
        return None
    every = frozenset(wanted.tags or ())
    some = None if wanted.any_tags is None else frozenset(wanted.any_tags)

    def test(row: MemoryRow | Content) -> bool:
        tags = frozenset(listed(row.tags))
        return every <= tags and (some is None or bool(some & tags))

    return test


def _entities(wanted: MemoryFilter) -> Test | None:
    if wanted.entities is None:
        return None
    names = _folded(wanted.entities)
    return lambda row: not names.isdisjoint(_folded(listed(row.entities)))


def _contains(wanted: MemoryFilter) -> Test | None:
    if not wanted.contains:
        return None
    part = wanted.contains.casefold()
    return lambda row: part in row.text.casefold()


def _metadata(wanted: MemoryFilter) -> Test | None:
    if not wanted.metadata:
        return None
    return lambda row: _holds(body_of(row.body).metadata or {}, wanted.metadata)


def _holds(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(name in found and _same(found[name], value) for name, value in wanted.items())


def _same(found: Any, wanted: Any) -> bool:
    # In Python 1 and true are equal, in JSON they are not.
    return bool(found == wanted) and isinstance(found, bool) == isinstance(wanted, bool)


def _folded(names: Sequence[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)
