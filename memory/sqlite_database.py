"""One SQLite file: a writer thread that commits in groups, and a reader beside it.

`synchronous=NORMAL` in WAL mode: a killed process loses nothing. A power loss may lose the last commits; then a call is
made once more, or its texts are sent again.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from contracts.errors import BackendUnavailable

_T = TypeVar("_T")
Statement = Callable[[sqlite3.Connection], _T]
_Write = tuple[Statement[object], "Future[object]"]
_BUSY_SECONDS = 10
_MOST_IN_GROUP = 500


class SqliteDatabase:
    """A database file that several processes may share on one machine.

    Args:
        file: where it is; its folder is made if it is not there.
        keep: segments of conversations that were not used for so long are dropped when the file is opened, and so are
            recorded answers of that age: a call is not repeated after such a time.

    Raises:
        BackendUnavailable: the file cannot be opened or written.
    """

    def __init__(self, file: Path, *, keep: timedelta = timedelta(days=30)) -> None:
        self._file = file
        with self._mapped_errors():
            file.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection:
                connection.executescript(files("memory").joinpath("schema.sql").read_text(encoding="utf-8"))
                _prune(connection, before=int(time.time() - keep.total_seconds()))
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-reader")
        self._read_connection: sqlite3.Connection | None = None
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_groups, name="sqlite-writer", daemon=True)
        self._writer.start()

    async def read(self, statement: Statement[_T]) -> _T:
        """Run a statement that changes nothing."""
        with self._mapped_errors():
            return await asyncio.get_running_loop().run_in_executor(self._reader, self._read, statement)

    async def write(self, statement: Statement[_T]) -> _T:
        """Run a statement in the next group, and return when the group is committed."""
        done: Future[_T] = Future()
        self._queue.put((statement, done))  # type: ignore[arg-type]
        with self._mapped_errors():
            return await asyncio.wrap_future(done)

    def close(self) -> None:
        """Commit what is queued and close the file."""
        self._queue.put(None)
        self._writer.join()
        self._reader.submit(self._close_reader).result()
        self._reader.shutdown()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, timeout=_BUSY_SECONDS, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def _read(self, statement: Statement[_T]) -> _T:
        if self._read_connection is None:
            self._read_connection = self._connect()
        return statement(self._read_connection)

    def _close_reader(self) -> None:
        if self._read_connection is not None:
            self._read_connection.close()

    def _write_groups(self) -> None:
        with closing(self._connect()) as connection:
            while group := self._next_group():
                _commit(connection, group)

    def _next_group(self) -> list[_Write]:
        group: list[_Write] = []
        first = self._queue.get()
        while first is not None:
            group.append(first)
            if len(group) == _MOST_IN_GROUP or self._queue.empty():
                return group
            first = self._queue.get()
        if group:
            self._queue.put(None)  # the end comes after this group
        return group

    @contextmanager
    def _mapped_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise BackendUnavailable(
                f"the database {self._file} cannot be used ({error}): check that its folder is writable and not full"
            ) from error


def _prune(connection: sqlite3.Connection, *, before: int) -> None:
    unused = "SELECT conversation FROM segment_use WHERE used_at < ?"
    connection.execute(f"DELETE FROM segments WHERE conversation IN ({unused})", (before,))
    connection.execute("DELETE FROM segment_use WHERE used_at < ?", (before,))
    connection.execute("DELETE FROM results WHERE recorded_at < ?", (before,))


def _commit(connection: sqlite3.Connection, group: Sequence[_Write]) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_attempt(connection, statement) for statement, _ in group]
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        outcomes = [(None, error)] * len(group)
    for (_, done), (result, failure) in zip(group, outcomes, strict=True):
        _settle(done, result, failure)


def _attempt(connection: sqlite3.Connection, statement: Statement[object]) -> tuple[object, Exception | None]:
    """Run one statement of a group; if it fails, the others of the group are not touched."""
    connection.execute("SAVEPOINT statement")
    try:
        return statement(connection), None
    except (sqlite3.Error, ArithmeticError, TypeError, ValueError) as error:
        connection.execute("ROLLBACK TO statement")
        return None, error
    finally:
        connection.execute("RELEASE statement")


def _settle(done: Future[object], result: object, failure: Exception | None) -> None:
    if not done.set_running_or_notify_cancel():
        return
    if failure is None:
        done.set_result(result)
    else:
        done.set_exception(failure)
