"""Where two JSON values differ, named as JSON Patch (RFC 6902) names places: "/customer/name"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.state import Difference


def between(before: Any, after: Any) -> tuple[Difference, ...]:
    """Return the places where two values differ, in order; the items of lists are compared by their position."""
    return tuple(_between(before, after, path=""))


def _between(before: Any, after: Any, *, path: str) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _of_parts(before, after, path=path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_parts(dict(enumerate(before)), dict(enumerate(after)), path=path)
    elif _is_other(before, after):
        yield Difference(path=path, kind="changed", before=before, after=after)


def _of_parts(before: dict[Any, Any], after: dict[Any, Any], *, path: str) -> Iterator[Difference]:
    for name in before | after:
        place = f"{path}/{str(name).replace('~', '~0').replace('/', '~1')}"
        if name not in after:
            yield Difference(path=place, kind="removed", before=before[name])
        elif name not in before:
            yield Difference(path=place, kind="added", after=after[name])
        else:
            yield from _between(before[name], after[name], path=place)


def _is_other(before: Any, after: Any) -> bool:
    """Whether two values differ as JSON: true is not 1, though Python holds them equal."""
    return before != after or isinstance(before, bool) is not isinstance(after, bool)
