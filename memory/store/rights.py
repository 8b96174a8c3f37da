"""Who may see and change which memories."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from contracts.errors import BadRequest, Forbidden, NotFound
from contracts.memories import Caller, Grant, Memory, MemoryScope


def sees(caller: Caller, memory: Memory, *, now: datetime) -> bool:
    """Whether a memory of the caller's tenant is there for it: by its scope, or by a grant that is in force."""
    return caller.sees(memory.scope) or granted(caller, memory.grants, now=now)


def granted(caller: Caller, grants: Iterable[Grant], *, now: datetime) -> bool:
    """Whether one of the grants is for the caller and has not ended."""
    return any(grant.scope.within(caller.scope) and (grant.until is None or grant.until > now) for grant in grants)


def visible_keys(caller: Caller) -> tuple[str, ...] | None:
    """Return the keys of all scopes that a caller sees, the most particular first; None: every one of its tenant."""
    return None if caller.operator else tuple(scope.key for scope in caller.scope.visible())


def scope_of(key: str) -> MemoryScope:
    """Return the scope of a key. See `MemoryScope.key`.

    Raises:
        BadRequest: it is no key of a scope.
    """
    try:
        return MemoryScope(**dict(part.split("=", 1) for part in key.split("&") if part))
    except ValueError as error:
        raise BadRequest(f"the scope {key[:100]!r} is not of the form 'user=ada&session=s-1': {error}") from error


def missing(id: str) -> NotFound:
    """Return the error for a memory that is not there, or not for this caller: nobody can tell which."""
    return NotFound(f"there is no memory {id!r}: look for it with a search or a list")


def check_writes(caller: Caller, scope: MemoryScope) -> None:
    """Refuse to write where the caller is not at home.

    Raises:
        Forbidden: the scope is not the caller's.
    """
    if not caller.sees(scope):
        raise Forbidden(
            f"the scope {scope.key or 'shared'!r} is not within the caller's, {caller.scope.key or 'shared'!r}:"
            " write into a scope of its own, or let somebody write to whom it belongs"
        )
