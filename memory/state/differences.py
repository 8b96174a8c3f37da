"""Where two values differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.state import Difference

_ABSENT: Any = object()


def differences(before: Any, after: Any) -> tuple[Difference, ...]:
    """Return each place where two JSON values differ, in order. Lists are compared item by item."""
    return tuple(_compare(before, after, path=""))


def _compare(before: Any, after: Any, *, path: str) -> Iterator[Difference]:
    if before is _ABSENT:
        yield Difference(path=path, kind="added", after=after)
    elif after is _ABSENT:
        yield Difference(path=path, kind="removed", before=before)
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from _compare_parts(before, after, path=path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _compare_parts(dict(enumerate(before)), dict(enumerate(after)), path=path)
    elif not same(before, after):
        yield Difference(path=path, kind="changed", before=before, after=after)


def _compare_parts(before: dict[Any, Any], after: dict[Any, Any], *, path: str) -> Iterator[Difference]:
    for name in [*before, *(name for name in after if name not in before)]:
        escaped = str(name).replace("~", "~0").replace("/", "~1")
        yield from _compare(before.get(name, _ABSENT), after.get(name, _ABSENT), path=f"{path}/{escaped}")


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal. To Python true is 1 as well; to JSON it is not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
