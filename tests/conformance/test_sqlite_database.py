from __future__ import annotations

import asyncio
import sqlite3
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.conversation import digest
from contracts.errors import BackendUnavailable
from memory.sqlite_database import SqliteDatabase
from memory.sqlite_journal import SqliteResultJournal
from memory.sqlite_segments import SqliteSegmentStore

_WRITER = """
import asyncio, sys
from pathlib import Path
from memory.sqlite_database import SqliteDatabase
from memory.sqlite_journal import SqliteResultJournal

async def main():
    database = SqliteDatabase(Path(sys.argv[1]))
    journal = SqliteResultJournal(database)
    for number in range(200):
        await journal.record(f"{sys.argv[2]}:{number}", request=b"", answer="x")
    database.close()

asyncio.run(main())
"""


async def test_four_processes_write_one_file(tmp_path: Path) -> None:
    file = tmp_path / "perdure.db"
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", _WRITER, str(file), str(number))
        for number in range(4)
    ]
    assert [await writer.wait() for writer in writers] == [0, 0, 0, 0]
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT count(*) FROM results").fetchone() == (800,)
    connection.close()


def test_a_folder_that_cannot_be_made_is_said_in_one_line(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    with pytest.raises(BackendUnavailable, match=r"the database .*perdure\.db cannot be used .*: check"):
        SqliteDatabase(blocker / "perdure.db")


async def test_an_error_is_told_to_its_writer_alone(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "perdure.db")
    journal = SqliteResultJournal(database)
    told = await asyncio.gather(
        journal.record("before", request=b"", answer="there"),
        database.write(lambda connection: connection.execute("INSERT INTO nowhere VALUES (1)")),
        journal.record("after", request=b"", answer="there"),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in told] == [type(None), BackendUnavailable, type(None)]
    assert await journal.find("before", request=b"") == await journal.find("after", request=b"") == "there"
    database.close()


async def test_what_was_not_used_for_long_is_dropped_when_the_file_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "perdure.db"
    name = digest(b"old")
    database = SqliteDatabase(file)
    await SqliteSegmentStore(database).write("run", {name: b"old"})
    await SqliteResultJournal(database).record("key", request=b"", answer="old")
    database.close()

    database = SqliteDatabase(file)
    assert await SqliteSegmentStore(database).read("run", [name]) == {name: b"old"}
    database.close()

    database = SqliteDatabase(file, keep=timedelta(seconds=-10))
    assert await SqliteSegmentStore(database).read("run", [name]) == {}
    assert await SqliteResultJournal(database).find("key", request=b"") is None
    database.close()
