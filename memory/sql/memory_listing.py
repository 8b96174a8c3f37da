"""Lists of memories by filter, with pages in the order of changes, and how many there are."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, NamedTuple, get_args

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import BadRequest
from contracts.memories import MemoryStatus
from contracts.recall import MemoryFilter, MemoryListing, MemoryPage
from memory.ledger.filters import POSITIONS, Conditions, Content, Test, conditions, fits
from memory.ledger.rows import MemoryRow, memory_of
from memory.sql.database import Dialect
from memory.sql.memory_reading import numbered, rows_of, seen

# Rows that are read at once where Python looks at them.
_CHUNK = 500
_ORDERS = {"newest": ("DESC", "<"), "oldest": ("ASC", ">")}


class _Asked(NamedTuple):
    """What is asked of the database.

    Attributes:
        seen: condition of what the branch sees.
        where: further conditions.
        parameters: of both.
        fits: what looks at the rows; None where the conditions say all.
    """

    seen: str
    where: str
    parameters: dict[str, Any]
    fits: Test | None


async def read_listing(
    connection: AsyncConnection,
    listing: MemoryListing,
    *,
    tenant: str,
    branch: str,
    scopes: Sequence[str] | None,
    dialect: Dialect,
) -> MemoryPage:
    """See `MemoryLedger.list`."""
    place = None if listing.after is None else _place(listing)
    asked = await _asked(connection, listing, tenant=tenant, branch=branch, scopes=scopes, dialect=dialect)
    size = listing.limit + 1 if asked.fits is None else max(listing.limit + 1, _CHUNK)
    rows: list[MemoryRow] = []
    async with aclosing(_rows(connection, listing, asked, place=place, size=size)) as found:
        async for row in found:
            rows.append(row)
            if len(rows) > listing.limit:
                break
    memories = tuple(memory_of(row, branch=branch) for row in rows[: listing.limit])
    more = len(rows) > listing.limit
    return MemoryPage.model_construct(
        memories=memories, after=_cursor(listing, memories[-1].sequence) if more else None
    )


async def read_matching(
    connection: AsyncConnection,
    listing: MemoryListing,
    *,
    tenant: str,
    branch: str,
    scopes: Sequence[str],
    dialect: Dialect,
) -> frozenset[str]:
    """See `MemoryLedger.matching`."""
    asked = await _asked(connection, listing, tenant=tenant, branch=branch, scopes=scopes, dialect=dialect)
    parts = {"seen": asked.seen, "more": asked.where}
    if asked.fits is None:
        found = await rows_of(connection, "read_matching", asked.parameters, **parts)
        return frozenset(row[0] for row in found)
    parts["text"] = "m.text" if listing.filter.contains else "''"
    looked_at = map(Content._make, await rows_of(connection, "read_matching_contents", asked.parameters, **parts))
    return frozenset(row.id for row in looked_at if asked.fits(row))


async def read_counts(
    connection: AsyncConnection, *, tenant: str, branch: str, scopes: Sequence[str] | None, dialect: Dialect
) -> dict[str, dict[str, int]]:
    """See `MemoryLedger.counts`. What has expired is not counted."""
    every = MemoryListing(filter=MemoryFilter(statuses=get_args(MemoryStatus)))
    asked = await _asked(connection, every, tenant=tenant, branch=branch, scopes=scopes, dialect=dialect)
    rows = await rows_of(connection, "read_memory_counts", asked.parameters, seen=asked.seen, more=asked.where)
    counts: dict[str, dict[str, int]] = {"kind": {}, "status": {}, "scope": {}}
    for *names, number in rows:
        for sort, name in zip(counts, names, strict=True):
            counts[sort][name] = counts[sort].get(name, 0) + number
    return counts


async def _asked(
    connection: AsyncConnection,
    listing: MemoryListing,
    *,
    tenant: str,
    branch: str,
    scopes: Sequence[str] | None,
    dialect: Dialect,
) -> _Asked:
    what, now = await seen(connection, tenant, branch, as_of=listing.as_of)
    where = conditions(listing.filter, now=now, position=POSITIONS[dialect])
    if scopes is not None:
        await _narrow(connection, where, scopes, tenant=tenant, now=now)
    return _Asked(what.current(), where.text, {**what.parameters, **where.parameters}, fits(listing.filter))


async def _narrow(
    connection: AsyncConnection, where: Conditions, scopes: Sequence[str], *, tenant: str, now: int
) -> None:
    """Ask for memories of these scopes, and for those that are shared with them, where there are any."""
    names, given = numbered("scope", scopes)
    shared = f"SELECT g.seq FROM memory_grants g WHERE g.tenant = :tenant AND g.scope IN ({names})"
    any_shared = await rows_of(connection, "read_any_grant", {"tenant": tenant, **given}, names=names)
    if not any_shared:
        where.add(f"m.scope IN ({names})", **given)
        return
    where.add(f"m.scope IN ({names}) OR m.seq IN ({shared} AND (g.until IS NULL OR g.until > :now))", **given, now=now)


async def _rows(
    connection: AsyncConnection, listing: MemoryListing, asked: _Asked, *, place: int | None, size: int
) -> AsyncGenerator[MemoryRow, None]:
    """Yield the rows that fit, reading so many at once."""
    order, beyond = _ORDERS[listing.order]
    while True:
        where, parameters = asked.where, {**asked.parameters, "page": size}
        if place is not None:
            where, parameters = f"{where} AND m.seq {beyond} :place", {**parameters, "place": place}
        found = await rows_of(connection, "read_memory_page", parameters, seen=asked.seen, more=where, order=order)
        chunk = [MemoryRow._make(row) for row in found]
        for row in chunk:
            if asked.fits is None or asked.fits(row):
                yield row
        if len(chunk) < size:
            return
        place = chunk[-1].seq


def _cursor(listing: MemoryListing, sequence: int) -> str:
    return base64.urlsafe_b64encode(f"{listing.order}:{sequence}".encode()).decode().rstrip("=")


def _place(listing: MemoryListing) -> int:
    after = listing.after or ""
    try:
        order, sequence = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode().split(":")
        place = int(sequence)
    except ValueError as error:
        raise BadRequest(f"`after` {after[:40]!r} is none: hand in what the page before gave") from error
    if order != listing.order or not 0 <= place < 2**63:
        raise BadRequest(f"`after` {after[:40]!r} is of a page in another order: begin again without it")
    return place
