from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, insert, select, text

from contracts.errors import BackendUnavailable, BadRequest, ConfigurationError
from contracts.state import Commit, Place
from memory.local_wakeups import LocalWakeUps
from memory.sql import event_tables, memory_tables, migrations
from memory.sql.database import insert_ignore
from memory.sql.tables import METADATA, REVISION
from memory.sqlite_state import SqliteStateDatabase
from memory.state_store import SqlStateStore
from tests.conformance.state_backends import put

PLACE = Place(namespace="t", key="a")
CURSORS = event_tables.CURSORS
assert memory_tables.MEMORIES.metadata is METADATA


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
async def database(file: Path) -> AsyncIterator[SqliteStateDatabase]:
    database = opened(file)
    yield database
    await database.close()


def opened(file: Path, *, patience: float = 30.0) -> SqliteStateDatabase:
    return SqliteStateDatabase(file, wake_ups=LocalWakeUps(), patience=patience)


def store(database: SqliteStateDatabase, *, sweep: timedelta = timedelta(seconds=1)) -> SqlStateStore:
    return SqlStateStore(database, wake_ups=LocalWakeUps(), sweep=sweep)


async def write(database: SqliteStateDatabase, value: object = 1) -> None:
    await store(database).commit(Commit(writes=(put("t/a", value),)))


async def read(database: SqliteStateDatabase) -> object:
    found = await store(database).get(PLACE)
    return None if found is None else found.value


def test_the_migrations_make_the_tables_that_the_program_knows(file: Path) -> None:
    asyncio.run(opened(file).close())
    assert ScriptDirectory(str(Path(str(migrations.__file__)).parent)).get_heads() == [REVISION]
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_a_file_of_a_newer_version_is_refused_and_left_alone(file: Path) -> None:
    asyncio.run(opened(file).close())
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = file.read_bytes()
    with pytest.raises(ConfigurationError, match=r"has revision 9999, and this Perdure knows \d+ at most"):
        opened(file)
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_said(file: Path) -> None:
    file.write_text("a letter to my aunt, which is longer than the head of a database would be" * 20)
    with pytest.raises(BackendUnavailable, match=r"not a database.*nothing was written: the file is damaged or"):
        opened(file)


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(BackendUnavailable, match=r"the database .*state\.db cannot be used"):
        opened(tmp_path / "file" / "state.db")


async def test_a_full_disk_is_said_and_nothing_is_half_written(database: SqliteStateDatabase) -> None:
    await write(database, "before")
    # SQLite counts pages itself, and says the same as of a disk without room.
    await database.write([(text("PRAGMA max_page_count = 100"), {})])
    with pytest.raises(BackendUnavailable, match=r"is full\), and nothing was written: its disk is full: make room"):
        await store(database).commit(Commit(writes=tuple(put(f"t/{number}", "x" * 100_000) for number in range(50))))
    assert await read(database) == "before"
    assert await store(database).get(Place(namespace="t", key="0")) is None
    await write(database, "after")
    assert await read(database) == "after"


async def test_a_file_that_may_not_be_written_is_said(database: SqliteStateDatabase) -> None:
    await write(database, "before")
    await database.write([(text("PRAGMA query_only = ON"), {})])
    with pytest.raises(BackendUnavailable, match=r"readonly.*nothing was written: it cannot be written: give this"):
        await write(database, "after")
    assert await read(database) == "before"


async def test_a_program_that_locks_the_file_for_a_moment_delays_writers(
    file: Path, database: SqliteStateDatabase
) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(write(database, "done"))
        await asyncio.sleep(0.1)
        assert await read(database) is None
        stranger.execute("COMMIT")
        await waiting
    assert await read(database) == "done"


async def test_a_program_that_locks_the_file_for_long_is_said_and_nothing_is_done_later(file: Path) -> None:
    database = opened(file, patience=0.1)
    with closing(sqlite3.connect(file, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(BackendUnavailable, match=r"was locked for 0\.1 s, and nothing was written: look for"):
            await write(database, "late")
        stranger.execute("COMMIT")
    await write(database, "next")
    history = await store(database).history(PLACE)
    assert [found.value for found in history] == ["next"]
    await database.close()


async def test_a_writer_that_leaves_before_its_turn_writes_nothing(file: Path, database: SqliteStateDatabase) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(write(database, "never"))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        stranger.execute("COMMIT")
    await write(database, "next")
    assert [found.value for found in await store(database).history(PLACE)] == ["next"]


async def test_what_was_queued_is_written_when_it_is_closed(file: Path) -> None:
    database = opened(file)
    waiting = [asyncio.create_task(write(database, number)) for number in range(20)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*waiting)
    with pytest.raises(BackendUnavailable, match="was closed: open it again"):
        await write(database)
    again = opened(file)
    assert len(await store(again).history(PLACE)) == 20
    await again.close()


async def test_the_file_keeps_what_was_committed(file: Path) -> None:
    for number in range(3):
        database = opened(file)
        await write(database, number)
        await database.close()
    database = opened(file)
    assert [found.value for found in await store(database).history(PLACE)] == [2, 1, 0]
    await database.close()


async def test_two_processes_may_open_a_new_file_at_once(file: Path) -> None:
    script = (
        "import asyncio, sys; from pathlib import Path; from memory.local_wakeups import LocalWakeUps;"
        "from memory.sqlite_state import SqliteStateDatabase;"
        "asyncio.run(SqliteStateDatabase(Path(sys.argv[1]), wake_ups=LocalWakeUps()).close())"
    )
    program = [sys.executable, "-c", script, str(file)]
    both = [await asyncio.create_subprocess_exec(*program) for _ in range(2)]
    assert [await process.wait() for process in both] == [0, 0]


async def test_a_change_whose_wake_up_is_lost_is_late_and_not_lost(database: SqliteStateDatabase) -> None:
    changes = store(database, sweep=timedelta(milliseconds=30)).watch("t/*")
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0.05)
    await write(database)
    change = await waiting
    assert (change.document.value, change.late) == (1, True)


async def test_statements_are_done_together_or_not_at_all(database: SqliteStateDatabase) -> None:
    rows = await database.write(
        [
            (insert(CURSORS), [{"name": "a", "sequence": 1}, {"name": "b", "sequence": 2}]),
            (select(CURSORS.c.name).where(CURSORS.c.sequence > 1), {}),
        ]
    )
    assert [[tuple(row) for row in found] for found in rows] == [[], [("b",)]]
    row = {"name": "c", "sequence": 3}
    with pytest.raises(BadRequest, match="none of them was done: UNIQUE"):
        await database.write([(insert(CURSORS), row), (insert(CURSORS), row)])
    await database.write([(insert_ignore(CURSORS, "sqlite"), {"name": "a", "sequence": 9})])

    counted = await database.read(lambda connection: connection.execute(text("SELECT sum(sequence) FROM cursors")))
    assert counted.scalar() == 3


async def test_statements_that_fail_stop_no_others(database: SqliteStateDatabase) -> None:
    outcomes = await asyncio.gather(
        write(database, "before"),
        database.write([(text("INSERT INTO nowhere VALUES (1)"), {})]),
        database.write([(insert(CURSORS), {"name": "a", "sequence": 1})]),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), BadRequest, list]
    assert await read(database) == "before"
