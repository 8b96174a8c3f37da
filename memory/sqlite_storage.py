"""How a batch is loaded from SQLite and stored there."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable
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

_SQL = statements("sqlite.sql") | memory_statements("memory_sqlite.sql")


def begin_world(connection: sqlite3.Connection) -> World:
    """Return an empty batch, with the sequence and the time that only the holder of the lock may take."""
    sequence, now = connection.execute(_SQL["read_clock"]).fetchone()
    return World(sequence=sequence, now=max(now, time.time_ns() // 1000))


def load(connection: sqlite3.Connection, needs: Iterable[Need], world: World) -> None:
    """Load what a batch needs to know."""
    for need in needs:
        world.learn(need, _LOADERS[type(need)](connection, need))


def store(connection: sqlite3.Connection, world: World) -> None:
    """Store what a batch changes."""
    changes = world.changes
    for name, rows in _rows(changes):
        if rows:
            connection.executemany(_SQL[name], rows)
    connection.execute(_SQL["write_clock"], (world.sequence, world.now))


def _rows(changes: Changes) -> Iterable[tuple[str, list[Any]]]:
    yield "forget_branch", changes.forgotten
    for name in ("forget_vectors", "forget_grants", "forget_memories"):
        yield name, changes.forgotten
    yield "store_branch", list(changes.branches.values())
    yield "store_lease", list(changes.leases.values())
    yield "close_version", changes.closed
    yield "store_version", list(changes.versions.values())
    yield "store_event", changes.events
    yield "store_commit", changes.commits
    yield from _memory_rows(changes.memory)


def _memory_rows(changes: MemoryChanges) -> Iterable[tuple[str, list[Any]]]:
    yield "close_memory", changes.closed
    yield "touch_memory", changes.touched
    yield "store_memory", list(changes.rows.values())
    yield "store_vector", list(changes.vectors.values())
    yield "store_grant", changes.grants
    yield "store_record", changes.records
    yield "store_record_id", changes.record_ids
    yield "store_head", list(changes.heads.items())


def _load_row(connection: sqlite3.Connection, need: RowNeed) -> Version | None:
    if need.version is None:
        row = connection.execute(_SQL["load_row"], need[:5]).fetchone()
    else:
        row = connection.execute(_SQL["load_version"], need).fetchone()
    return None if row is None else Version._make(row)


def _load_span(connection: sqlite3.Connection, need: SpanNeed) -> list[Version]:
    return [Version._make(row) for row in connection.execute(_SQL["load_span"], need)]


def _load_written(connection: sqlite3.Connection, need: WrittenNeed) -> list[Version]:
    return [Version._make(row) for row in connection.execute(_SQL["load_written"], need)]


def _load_lineage(connection: sqlite3.Connection, need: LineageNeed) -> list[BranchRow]:
    return [BranchRow._make(row) for row in connection.execute(_SQL["load_lineage"], need)]


def _load_children(connection: sqlite3.Connection, need: ChildrenNeed) -> list[str]:
    return [name for (name,) in connection.execute(_SQL["load_children"], need)]


def _load_commit(connection: sqlite3.Connection, need: CommitNeed) -> CommitRow | None:
    row = connection.execute(_SQL["load_commit"], need).fetchone()
    return None if row is None else CommitRow._make(row)


def _load_lease(connection: sqlite3.Connection, need: LeaseNeed) -> LeaseRow | None:
    row = connection.execute(_SQL["load_lease"], need).fetchone()
    return None if row is None else LeaseRow._make(row)


def _load_memory(connection: sqlite3.Connection, need: MemoryNeed) -> MemoryRow | None:
    row = connection.execute(_SQL["load_memory"], need).fetchone()
    return None if row is None else MemoryRow._make(row)


def _memories(name: str) -> Callable[[sqlite3.Connection, Any], list[MemoryRow]]:
    return lambda connection, need: [MemoryRow._make(row) for row in connection.execute(_SQL[name], need)]


def _load_same_text(connection: sqlite3.Connection, need: SameTextNeed) -> list[TextRow]:
    return [TextRow._make(row) for row in connection.execute(_SQL["load_same_text"], need)]


_LOADERS: dict[type[Need], Callable[[sqlite3.Connection, Any], Any]] = {
    RowNeed: _load_row,
    SpanNeed: _load_span,
    WrittenNeed: _load_written,
    LineageNeed: _load_lineage,
    ChildrenNeed: _load_children,
    CommitNeed: _load_commit,
    LeaseNeed: _load_lease,
    MemoryNeed: _load_memory,
    MemorySpanNeed: _memories("load_memory_span"),
    RunMemoriesNeed: _memories("load_run_memories"),
    SupersededNeed: _memories("load_superseded"),
    SameTextNeed: _load_same_text,
}
