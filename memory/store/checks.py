"""What is looked at before anything is asked of a database: what none can hold is refused, or is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from contracts.errors import BadRequest
from contracts.memories import checked_memory_id

_Model = TypeVar("_Model", bound=BaseModel)
_LAST_SEQUENCE = 2**62
_LAST_VERSION = 2**31 - 1


def possible_ids(ids: Iterable[str]) -> list[str]:
    """Return those that can be ids of memories, each once: nothing else is ever found."""
    return [id for id in dict.fromkeys(ids) if _possible(id)]


def possible_version(version: int | None) -> bool:
    """Whether there can be such a version; None is any."""
    return version is None or 0 < version <= _LAST_VERSION


def moment(as_of: int | datetime | None) -> int | datetime | None:
    """Return a sequence or time that a database can compare with."""
    return min(max(as_of, 0), _LAST_SEQUENCE) if isinstance(as_of, int) else as_of


def check_words(value: Any, *, what: str) -> None:
    """Refuse words that not every database can hold, wherever they stand in a value.

    Raises:
        BadRequest: one holds NUL or half a character.
    """
    for text in _texts(value):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise BadRequest(f"{what} holds half a character (a lone surrogate) in {text[:40]!r}: remove it") from error
        if "\x00" in text:
            raise BadRequest(f"{what} holds the character NUL in {text[:40]!r}: remove it")


def made(model: type[_Model], **values: Any) -> _Model:
    """Return a contract of what a caller gave.

    Raises:
        BadRequest: a value does not fit; the message names it.
    """
    try:
        return model(**values)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise BadRequest(f"the change cannot be made: {faults}") from error


def _possible(id: str) -> bool:
    try:
        checked_memory_id(id)
    except ValueError:
        return False
    return True


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(name)
            yield from _texts(inner)
    elif isinstance(value, Iterable):
        for inner in value:
            yield from _texts(inner)
