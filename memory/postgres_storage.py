"""How a batch is loaded from PostgreSQL and stored there: a statement for each kind of row, however many there are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from memory.ledger.changes import (
    MemoryChanges,
    MemoryNeed,
    MemorySpanNeed,
    RunMemoriesNeed,
    SameTextNeed,
    SupersededNeed,
    TextRow,
)
from memory.ledger.rows import MemoryRow
from memory.sql.memory_statements import memory_statements
from memory.sql.statements import statements
from memory.state.rows import BranchRow, CommitRow, LeaseRow, Version
from memory.state.world import (
    LATEST,
    Changes,
    ChildrenNeed,
    CommitNeed,
    LeaseNeed,
    LineageNeed,
    Need,
    RowNeed,
    SpanNeed,
    World,
    WrittenNeed,
)

SQL = statements("postgresql.sql") | memory_statements("memory_postgresql.sql")
_Loader = Callable[[Any, Sequence[Any], World], Awaitable[None]]


async def begin_world(connection: Any, *, writer: str) -> tuple[World, int | None]:
    """Return an empty batch, with the sequence and the time that only the holder of the lock may take.

    Returns:
        The batch, and the number of the last batch that this writer committed.
    """
    sequence, now, signed = await connection.fetchrow(SQL["read_clock"], writer)
    return World(sequence=sequence, now=now), signed


async def load(connection: Any, needs: Iterable[Need], world: World) -> None:
    """Load what a batch needs to know."""
    kinds: dict[type[Need], list[Any]] = {}
    for need in needs:
        kinds.setdefault(type(need), []).append(need)
    for kind, found in kinds.items():
        await _LOADERS[kind](connection, found, world)


async def store(connection: Any, changes: Changes) -> None:
    """Store what a batch changes."""
    for name, rows in _rows(changes):
        if rows:
            await connection.execute(SQL[name], *map(list, zip(*rows, strict=True)))


async def sign(connection: Any, world: World, *, writer: str, batch: int) -> None:
    """Leave the number of a batch. Where it changed state the clock moves, and those who listen hear of it."""
    if world.changes:
        await connection.execute(SQL["finish"], writer, batch, world.now, world.sequence)
    else:
        await connection.execute(SQL["sign"], writer, batch, world.now)


def _rows(changes: Changes) -> Iterable[tuple[str, Sequence[Any]]]:
    yield "forget_branches", changes.forgotten
    for name in ("forget_vectors", "forget_grants", "forget_memories"):
        yield name, changes.forgotten
    yield "store_branches", list(changes.branches.values())
    yield "store_leases", list(changes.leases.values())
    yield "close_versions", changes.closed
    yield "store_versions", list(changes.versions.values())
    yield "store_events", changes.events
    yield "store_commits", changes.commits
    yield from _memory_rows(changes.memory)


def _memory_rows(changes: MemoryChanges) -> Iterable[tuple[str, Sequence[Any]]]:
    yield "close_memories", changes.closed
    yield "touch_memories", changes.touched
    yield "store_memories", list(changes.rows.values())
    yield "store_vectors", list(changes.vectors.values())
    yield "store_grants", changes.grants
    yield "store_records", changes.records
    yield "store_record_ids", changes.record_ids
    yield "store_heads", list(changes.heads.items())


def _joined(name: str, make: Callable[[Any], Any], *, width: int | None = None) -> _Loader:
    """Return what loads the rows of all needs of a kind at once; a need without a row has None.

    Args:
        name: of the statement.
        make: makes the row.
        width: how many fields of a need are parameters, by default all.
    """

    async def load(connection: Any, needs: Sequence[Any], world: World) -> None:
        columns = zip(*needs, strict=True)
        rows = await connection.fetch(SQL[name], *map(list, islice(columns, width)))
        found = {place: make(row) for place, *row in rows}
        for place, need in enumerate(needs, 1):
            world.learn(need, found.get(place))

    return load


def _listed(name: str, make: Callable[[Any], Any]) -> _Loader:
    """Return what loads a list of rows for each need. These are rare: a statement for each."""

    async def load(connection: Any, needs: Sequence[Any], world: World) -> None:
        for need in needs:
            world.learn(need, [make(row) for row in await connection.fetch(SQL[name], *need)])

    return load


_load_current = _joined("load_current", Version._make, width=4)
_load_past = _joined("load_rows", Version._make)


async def _load_rows(connection: Any, needs: Sequence[RowNeed], world: World) -> None:
    """Load rows of documents. An index holds the current ones alone; to look for the latest of many takes longer."""
    current = [need for need in needs if need.limit == LATEST and need.version is None]
    if current:
        await _load_current(connection, current, world)
    if len(current) < len(needs):
        await _load_past(connection, [need for need in needs if not world.knows(need)], world)


async def _load_same_text(connection: Any, needs: Sequence[SameTextNeed], world: World) -> None:
    found: dict[int, list[TextRow]] = {}
    for place, *row in await connection.fetch(SQL["load_same_text"], *map(list, zip(*needs, strict=True))):
        found.setdefault(place, []).append(TextRow._make(row))
    for place, need in enumerate(needs, 1):
        world.learn(need, found.get(place, []))


_LOADERS: dict[type[Need], _Loader] = {
    RowNeed: _load_rows,
    CommitNeed: _joined("load_commits", CommitRow._make),
    LeaseNeed: _joined("load_leases", LeaseRow._make),
    SpanNeed: _listed("load_span", Version._make),
    WrittenNeed: _listed("load_written", Version._make),
    LineageNeed: _listed("load_lineage", BranchRow._make),
    ChildrenNeed: _listed("load_children", lambda row: row[0]),
    MemoryNeed: _joined("load_memories", MemoryRow._make),
    MemorySpanNeed: _listed("load_memory_span", MemoryRow._make),
    RunMemoriesNeed: _listed("load_run_memories", MemoryRow._make),
    SupersededNeed: _listed("load_superseded", MemoryRow._make),
    SameTextNeed: _load_same_text,
}
