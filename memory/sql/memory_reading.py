"""Reads of memories: which versions a branch sees, single memories, and entries of indexes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.memories import Memory, MemoryCommitted
from contracts.memory_ports import LedgerEntry, View
from memory.ledger.commits import claim_key
from memory.ledger.rows import MemoryRow, listed, memory_of, words
from memory.sql.memory_statements import memory_statements
from memory.sql.reading import fetch_alone, read_lineage
from memory.state.rows import microseconds, moment
from memory.state.world import LATEST, levels

_SQL = memory_statements("memory_reading.sql")
LIVE = "(m.status = 'active' AND (m.hold OR m.expires_at IS NULL OR m.expires_at > :now))"
_SEQUENCE = attrgetter("sequence")


class Seen:
    """What a branch sees, as a condition of SQL with its parameters.

    Args:
        tenant: whose.
        levels: the branches that are read, the nearest first, each with the last sequence that is seen of it.
    """

    def __init__(self, tenant: str, levels: Sequence[tuple[str, int]]) -> None:
        self._levels = levels
        self.parameters: dict[str, Any] = {"tenant": tenant}
        for number, (branch, limit) in enumerate(levels):
            self.parameters[f"branch{number}"] = branch
            if limit != LATEST:
                self.parameters[f"limit{number}"] = limit

    def current(self) -> str:
        """Return the condition for the latest versions."""
        return " OR ".join(map(self._level, range(len(self._levels))))

    def all(self) -> str:
        """Return the condition for all versions."""
        return " OR ".join(f"({self._reached(number)})" for number in range(len(self._levels)))

    def latest(self, more: str = "") -> str:
        """Return an expression for the sequence of the version of `n.id` that is seen. It is looked for by id alone.

        Args:
            more: a further condition for the version `w`.
        """
        levels = range(len(self._levels))
        parts = [f"(SELECT w.seq {self._by_id(number)} {more} ORDER BY w.seq DESC LIMIT 1)" for number in levels]
        return f"COALESCE({', '.join([*parts, 'NULL'])})"

    def _by_id(self, number: int) -> str:
        return f"FROM memories w WHERE w.tenant = :tenant AND w.id = n.id AND {self._reached(number, 'w')}"

    def _level(self, number: int) -> str:
        parts = [self._reached(number)]
        if self._levels[number][1] == LATEST:
            parts.append("m.until_seq IS NULL")
        else:
            parts.append(f"(m.until_seq IS NULL OR m.until_seq > :limit{number})")
        parts += [f"NOT EXISTS ({self._covering(nearer)})" for nearer in range(number)]
        return f"({' AND '.join(parts)})"

    def _reached(self, number: int, row: str = "m") -> str:
        upto = "" if self._levels[number][1] == LATEST else f" AND {row}.seq <= :limit{number}"
        return f"{row}.branch = :branch{number}{upto}"

    def _covering(self, number: int) -> str:
        return f"SELECT 1 FROM memories n WHERE n.tenant = m.tenant AND n.id = m.id AND {self._reached(number, 'n')}"


async def seen(
    connection: AsyncConnection,
    tenant: str,
    branch: str,
    *,
    as_of: int | datetime | None = None,
) -> tuple[Seen, int]:
    """Return what a branch sees as of a sequence or time, and the time that then counts as now, in microseconds.

    Raises:
        NotFound: there is no such branch, or it was dropped.
    """
    lineage = await read_lineage(connection, tenant, branch)
    limit, now = await _moment(connection, as_of)
    return Seen(tenant, levels(branch, lineage, limit=limit)), now


async def _moment(connection: AsyncConnection, as_of: int | datetime | None) -> tuple[int, int]:
    if as_of is None:
        return LATEST, microseconds(datetime.now(UTC))
    if isinstance(as_of, datetime):
        return await read_sequence_at(connection, as_of), microseconds(as_of)
    return as_of, await _number(connection, "read_memory_time_of", {"seq": as_of})


async def _number(connection: AsyncConnection, name: str, parameters: Mapping[str, Any]) -> int:
    rows = await rows_of(connection, name, parameters)
    return int(rows[0][0]) if rows else 0


async def rows_of(
    connection: AsyncConnection, name: str, parameters: Mapping[str, Any], **parts: str
) -> Sequence[Sequence[Any]]:
    """Run a statement with its parts filled in, and return its rows.

    Args:
        connection: of the database.
        name: of the statement.
        parameters: of the statement.
        parts: texts of SQL, never anything that a caller gave.
    """
    statement = _SQL[name].replace("{live}", LIVE)
    for part, text in parts.items():
        statement = statement.replace(f"{{{part}}}", text)
    return await fetch_alone(connection, statement, parameters)


def numbered(name: str, values: Iterable[Any]) -> tuple[str, dict[str, Any]]:
    """Return a list of parameters for `IN (…)`, and their values."""
    given = {f"{name}{number}": value for number, value in enumerate(values)}
    return ", ".join(f":{key}" for key in given) or "NULL", given


async def read_head(connection: AsyncConnection, tenant: str) -> int:
    """Return the sequence of the last change of memories of a tenant."""
    return await _number(connection, "read_head", {"tenant": tenant})


async def read_sequence_at(connection: AsyncConnection, time: datetime) -> int:
    """See `MemoryLedger.sequence_at`."""
    return await _number(connection, "read_memory_sequence_at", {"at": microseconds(time)})


async def read_time_of(connection: AsyncConnection, sequence: int) -> datetime:
    """See `MemoryLedger.time_of`."""
    return moment(await _number(connection, "read_memory_time_of", {"seq": sequence}))


async def read_memories(
    connection: AsyncConnection,
    ids: Sequence[str],
    *,
    tenant: str,
    branch: str,
    version: int | None,
    as_of: int | datetime | None,
) -> tuple[Memory, ...]:
    """See `MemoryLedger.get`."""
    if not ids:
        return ()
    what, _ = await seen(connection, tenant, branch, as_of=as_of)
    _, given = numbered("id", _padded(list(dict.fromkeys(ids))))
    parts = {"ids": ", ".join(f"(:{name})" for name in given), "latest": what.latest()}
    if version is not None:
        parts["latest"], given = what.latest("AND w.version = :version"), {**given, "version": version}
    rows = await rows_of(connection, "read_memories", {**what.parameters, **given}, **parts)
    found = {row.id: row for row in map(MemoryRow._make, rows)}
    return tuple(memory_of(found[id_], branch=branch) for id_ in ids if id_ in found)


def _padded(ids: list[str]) -> list[str]:
    """Return ids, the last one repeated up to a power of two: so there are few statements to be prepared."""
    return ids + ids[-1:] * ((1 << (len(ids) - 1).bit_length()) - len(ids))


async def read_memory_history(connection: AsyncConnection, id_: str, *, tenant: str, branch: str) -> tuple[Memory, ...]:
    """See `MemoryLedger.history`."""
    what, _ = await seen(connection, tenant, branch)
    rows = await rows_of(connection, "read_memory_history", {**what.parameters, "id": id_}, seen=what.all())
    return tuple(memory_of(MemoryRow._make(row), branch=branch) for row in rows)


async def read_entries(
    connection: AsyncConnection, view: View, *, after: int, embedder: str
) -> tuple[Sequence[LedgerEntry], int]:
    """See `MemoryLedger.entries`."""
    if view.as_of is not None and after:
        return (), view.as_of
    # First how far it reaches: what is committed while the rows are read is read once more the next time.
    head = await read_head(connection, view.tenant) if view.as_of is None else view.as_of
    what, now = await seen(connection, view.tenant, view.branch, as_of=view.as_of)
    given = {**what.parameters, "scope": view.scope, "embedder": embedder, "now": now}
    granted = await _granted_entries(connection, what, given, after=after)
    more, given = (LIVE, given) if not after else ("m.changed_seq > :after", {**given, "after": after})
    rows = await rows_of(connection, "read_entries", given, seen=what.current(), more=more)
    return sorted([*map(_entry, rows), *granted], key=_SEQUENCE), head


async def _granted_entries(
    connection: AsyncConnection, what: Seen, given: Mapping[str, Any], *, after: int
) -> list[LedgerEntry]:
    place = {"tenant": given["tenant"], "scope": given["scope"]}
    ids = [row[0] for row in await rows_of(connection, "read_granted", place)]
    if not ids:
        return []
    names, named = numbered("id", ids)
    parameters = {**given, **named, "after": after, "granted": given["scope"]}
    rows = await rows_of(connection, "read_granted_entries", parameters, seen=what.current(), ids=names)
    return [entry for entry in map(_entry, rows) if entry.live or after]


def _entry(row: Sequence[Any]) -> LedgerEntry:
    id_, sequence, live, stems, vector, thread, position, speaker, happened, written, expires, weight, pinned, names = (
        row
    )
    return LedgerEntry(
        id_,
        sequence,
        bool(live),
        words(stems),
        vector,
        thread,
        position,
        speaker,
        happened,
        written,
        expires,
        weight,
        bool(pinned),
        listed(names),
    )


async def read_changes(
    connection: AsyncConnection, *, after: int, limit: int, embedder: str
) -> tuple[Sequence[tuple[Memory, bytes | None]], int]:
    """See `MemoryLedger.changes`."""
    head = await _number(connection, "read_heads", {})
    given = {"after": after, "page": limit, "embedder": embedder}
    rows = [list(row) for row in await rows_of(connection, "read_memory_changes", given)]
    found = [(MemoryRow._make(row[:-1]), row[-1]) for row in rows]
    upto = max(head, after) if len(found) < limit else found[-1][0].changed_seq
    return [(memory_of(row), vector) for row, vector in found], upto


async def read_without_vector(
    connection: AsyncConnection, *, embedder: str, after: int, limit: int
) -> Sequence[tuple[int, str]]:
    """See `MemoryLedger.without_vector`."""
    given = {"after": after, "page": limit, "embedder": embedder}
    return [(seq, text) for seq, text in await rows_of(connection, "read_without_vector", given)]


async def read_claimed(connection: AsyncConnection, key: str, *, tenant: str) -> MemoryCommitted | None:
    """See `MemoryLedger.claimed`."""
    claim = claim_key(tenant, key)
    rows = await rows_of(connection, "read_memory_claim", {"tenant": tenant, "key": claim.idempotency_key})
    if not rows:
        return None
    first, last = rows[0]
    made = await rows_of(connection, "read_memory_span", {"tenant": tenant, "first": first, "last": last})
    return MemoryCommitted.model_construct(
        sequence=last, memories=tuple(memory_of(MemoryRow._make(row)) for row in made), repeated=True
    )
