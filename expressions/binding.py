"""Hands to the engine what an expression refers to and no more, and refuses what the engine would get wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from expressions.engine import Refusal
from expressions.references import Reference

MOST_ITEMS = 1_000
MAX_CHARACTERS = 256 * 1024
MAX_DEPTH = 100

_LARGEST = 2**63 - 1
# Weights say how much work it is for the engine to copy a value, in units of 60 ns (measured).
MAP, ENTRY, LIST, TEXT = 4, 3, 2, 2
CHARACTERS_PER_UNIT = 64


@dataclass(frozen=True, kw_only=True)
class Bound:
    """Values that the engine may have, and the work of copying them, in units of 60 ns."""

    values: dict[str, Any]
    weight: int


def bound(needed: Reference, bindings: Mapping[str, Any]) -> Bound:
    """Return the values that are needed, without the rest.

    Raises:
        Refusal: a value is too large, no JSON, or a map where a comprehension needs a list.
    """
    values = {}
    for name, inner in needed.fields.items():
        if name not in bindings:
            known = ", ".join(sorted(bindings)) or "none"
            raise Refusal(f"there is no {name!r}; known are {known}")
        values[name] = _projected(inner, bindings[name])
    inspection = _Inspection()
    inspection.add(values, depth=0)
    if inspection.characters > MAX_CHARACTERS:
        raise Refusal(
            f"what it refers to holds {inspection.characters:,} characters, at most {MAX_CHARACTERS:,} are allowed:"
            " refer to smaller fields"
        )
    return Bound(values=values, weight=inspection.weight)


def weight(value: Any) -> int:
    """Return how much work it is to copy a value that was inspected, in units of 60 ns."""
    if isinstance(value, str):
        return TEXT + len(value) // CHARACTERS_PER_UNIT
    if isinstance(value, dict):
        return MAP + ENTRY * len(value) + sum(map(weight, value.values()))
    if isinstance(value, list | tuple):
        return LIST + sum(map(weight, value))
    return 1


def _projected(needed: Reference, value: Any) -> Any:
    if needed.is_whole and not needed.is_walked:
        return value
    if isinstance(value, dict):
        return _projected_map(needed, value)
    if isinstance(value, list | tuple):
        return _projected_list(needed, value)
    # A field of a text is asked for: the engine refuses that with an empty one as well.
    return "" if isinstance(value, str) and not needed.is_whole else value


def _projected_map(needed: Reference, value: dict[str, Any]) -> Any:
    if needed.items is not None:
        raise Refusal("all, exists, exists_one, map and filter go through lists only, and here is a map")
    fields = {name: _projected(inner, value[name]) for name, inner in needed.fields.items() if name in value}
    return value if needed.is_whole else fields


def _projected_list(needed: Reference, value: Sequence[Any]) -> Any:
    items = [] if needed.items is None else [_projected(needed.items, item) for item in value]
    return value if needed.is_whole else items


class _Inspection:
    """Walks through values once: refuses what the engine would not take as it is, and measures the rest."""

    def __init__(self) -> None:
        self.characters = 0
        self.weight = 0

    def add(self, value: Any, *, depth: int) -> None:
        """Take one value, with all inside of it."""
        if depth > MAX_DEPTH:
            raise Refusal(f"what it refers to is nested deeper than {MAX_DEPTH}")
        if isinstance(value, str):
            self.characters += len(value)
            self.weight += TEXT + len(value) // CHARACTERS_PER_UNIT
        elif isinstance(value, dict):
            self._add_map(value, depth=depth + 1)
        elif isinstance(value, list | tuple):
            self._add_list(value, depth=depth + 1)
        else:
            _check_scalar(value)
            self.weight += 1

    def _add_map(self, value: dict[Any, Any], *, depth: int) -> None:
        self.weight += MAP + ENTRY * len(value)
        for name, inner in value.items():
            if not isinstance(name, str):
                raise Refusal(f"it refers to a map with the name {name!r}, and a name in JSON is text")
            self.characters += len(name)
            self.add(inner, depth=depth)

    def _add_list(self, value: Sequence[Any], *, depth: int) -> None:
        if len(value) > MOST_ITEMS:
            raise Refusal(f"it refers to a list of {len(value):,} items, at most {MOST_ITEMS:,} are allowed")
        self.weight += LIST
        for item in value:
            self.add(item, depth=depth)


def _check_scalar(value: Any) -> None:
    if isinstance(value, int) and not -_LARGEST - 1 <= value <= _LARGEST:
        raise Refusal("it refers to a whole number of more than 64 bits: keep such numbers as text")
    if value is not None and not isinstance(value, bool | int | float):
        raise Refusal(f"it refers to a value of type {type(value).__name__}, which is not JSON")
