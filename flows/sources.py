"""The text that a definition was read from, so that a fault can be shown by line and column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.errors import InvalidFlow
from flows.faults import Fault, Path

_MOST_FAULTS = 200


@dataclass(frozen=True, kw_only=True)
class Span:
    """Where a value begins and ends in the text, in characters from 0."""

    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Source:
    """A text, what was read from it, and where each part of that stands.

    Attributes:
        name: how messages call it: the file's name.
        names: where the name of a part stands, by its path.
        values: where the part itself stands.
    """

    name: str
    text: str
    value: Any = None
    names: Mapping[Path, Span] = field(default_factory=dict)
    values: Mapping[Path, Span] = field(default_factory=dict)

    def line(self, fault: Fault) -> str:
        """The fault in one line: `support.yaml:12:9: steps.decide: …`."""
        return f"{self.name}:{self._at(self.index(fault))}: {fault}"

    def index(self, fault: Fault) -> int:
        """Where the fault is, in characters from the beginning."""
        if fault.at_name and fault.path in self.names:
            return self.names[fault.path].start
        path = fault.path
        while path and path not in self.values:
            path = path[:-1]
        span = self.values.get(path, Span(start=0, end=0))
        found = self.text.find(fault.excerpt, span.start, span.end) if fault.excerpt and path == fault.path else -1
        if found >= 0:
            return found + fault.offset
        # A mapping begins at its first entry; people look for its name.
        return self.names[path].start if path in self.names and path != fault.path else span.start

    def _at(self, index: int) -> str:
        before = self.text[:index]
        return f"{before.count(chr(10)) + 1}:{index - (before.rfind(chr(10)) + 1) + 1}"


def refuse(name: str, faults: Iterable[Fault], source: Source | None = None) -> None:
    """Raise `InvalidFlow` with all faults, in the order of the text where there is one; do nothing without faults."""
    found = list(dict.fromkeys(faults))
    if not found:
        return
    if source is not None:
        found.sort(key=source.index)
    told = [source.line(fault) if source else str(fault) for fault in found[:_MOST_FAULTS]]
    if len(found) > _MOST_FAULTS:
        told.append(f"and {len(found) - _MOST_FAULTS:,} more")
    raise InvalidFlow(name, told)
