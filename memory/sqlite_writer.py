"""The thread that writes a SQLite file of state, in groups."""

from __future__ import annotations

import asyncio
import fcntl
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, StaticPool, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from contracts.errors import BackendUnavailable, BadRequest
from memory.sql.database import Statement
from memory.sql.schema import migrate
from memory.sqlite_storage import begin_world, load, store
from memory.state.batch import planned, unmet
from memory.state.jobs import Job, settle
from memory.state.world import Command, World

_BUSY_SECONDS = 1
_PATIENCE = 30.0
_MOST_IN_GROUP = 256
_Outcome = tuple[Job, Any, BaseException | None]


class SqliteWriter:
    """Writes one file, together with the writers of other processes.

    Args:
        file: the database. Its folder is there.
        committed: called in the event loops of the writers after each group that moved the sequence, with it.

    Raises:
        BackendUnavailable: the file cannot be opened or written.
        ConfigurationError: a newer Perdure has migrated it.
    """

    def __init__(self, file: Path, *, committed: Callable[[int], None], patience: float = _PATIENCE) -> None:
        self._file = file
        self._committed = committed
        self._patience = patience
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closed = False
        try:
            with ExitStack() as opened:
                self._lock_file: IO[str] = opened.enter_context(_lock_file(file))
                self._connection = opened.enter_context(closing(_connect(file)))
                self._sql = opened.enter_context(_sql_connection(self._connection, file))
                with self._locked():
                    self._prepare()
                opened.pop_all()
        except (sqlite3.Error, SQLAlchemyError, OSError) as error:
            raise unavailable(file, error) from error
        self._thread = threading.Thread(target=self._run, name="state-writer", daemon=True)
        self._thread.start()

    def submit(self, command: Command[Any]) -> asyncio.Future[Any]:
        """Queue a command. Called in an event loop."""
        return self._queued(Job(command, patience=self._patience, advice=self._advice()))

    def write(self, statements: Sequence[Statement]) -> asyncio.Future[Any]:
        """Queue statements. Called in an event loop."""
        return self._queued(Job(None, statements=statements, patience=self._patience, advice=self._advice()))

    def close(self) -> None:
        """Commit what is queued and close the file."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()
            self._sql.close()
            self._sql.engine.dispose()
            self._connection.close()
            self._lock_file.close()

    def _queued(self, job: Job) -> asyncio.Future[Any]:
        if self._closed:
            job.settle(None, BackendUnavailable(f"the database {self._file} was closed: open it again"))
        else:
            self._queue.put(job)
        return job.future

    def _advice(self) -> str:
        return (
            f"the database {self._file} was locked for {self._patience:g} s, and nothing was written: look for another"
            " program that holds a transaction open in it, or a stopped process of Perdure"
        )

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            migrate(self._sql)
            self._connection.execute("COMMIT")
        finally:
            _roll_back(self._connection)

    def _run(self) -> None:
        waiting: Job | None = None
        while True:
            first = waiting or self._queue.get()
            if first is None:
                return
            group, waiting = self._group(first)
            self._finish(group)

    def _group(self, first: Job) -> tuple[list[Job], Job | None]:
        """Return what is committed together, and the job that comes after it where that is known already."""
        group = [first]
        while len(group) < _MOST_IN_GROUP and not self._queue.empty():
            job = self._queue.get()
            if job is None:
                self._queue.put(None)  # the end comes after this group
                return group, None
            if job.alone or first.alone:
                return group, job
            group.append(job)
        return group, None

    def _finish(self, group: list[Job]) -> None:
        """Do a group; as long as a stranger holds the file, try again for those who still wait."""
        done = False
        while not done and (group := [job for job in group if not job.over]):
            try:
                done = self._attempt(group)
            except Exception as error:  # noqa: BLE001 - told to each caller; the thread must live on for the next ones
                settle([(job, None, unavailable(self._file, error)) for job in group], after=lambda _: None)
                return

    def _attempt(self, group: Sequence[Job]) -> bool:
        """Do a group under the lock; False where a stranger holds the file."""
        with self._locked():
            if not _begin(self._connection):
                return False
            outcomes, world = self._transaction(group)
        settle(outcomes, after=lambda _: self._announce(world))
        return True

    def _announce(self, world: World) -> None:
        if world.sequence > world.began_at:
            self._committed(world.sequence)

    def _transaction(self, group: Sequence[Job]) -> tuple[list[_Outcome], World]:
        try:
            world = begin_world(self._connection)
            taken = [job for job in group if job.take()]
            outcomes = self._commands(world, [job for job in taken if job.command is not None])
            outcomes += [self._statements(job) for job in taken if job.command is None]
            if world.changes or len(outcomes) > sum(job.command is not None for job in taken):
                self._connection.execute("COMMIT")
            return outcomes, world
        finally:
            _roll_back(self._connection)

    def _commands(self, world: World, jobs: Sequence[Job]) -> list[_Outcome]:
        commands = [job.command for job in jobs if job.command is not None]
        while needs := unmet(commands, world):
            load(self._connection, needs, world)
        outcomes = [planned(command, world) for command in commands]
        if world.changes:
            store(self._connection, world)
        return [(job, outcome.result, outcome.refusal) for job, outcome in zip(jobs, outcomes, strict=True)]

    def _statements(self, job: Job) -> _Outcome:
        self._connection.execute("SAVEPOINT statements")
        try:
            return job, [_rows(self._sql, statement) for statement in job.statements], None
        except SQLAlchemyError as error:
            if not self._connection.in_transaction:  # a full disk ends the whole transaction
                raise
            self._connection.execute("ROLLBACK TO statements")
            return job, None, _refusal(error)
        finally:
            if self._connection.in_transaction:
                self._connection.execute("RELEASE statements")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._lock_file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)


def unavailable(file: Path, error: BaseException) -> BackendUnavailable:
    """Return what to tell of an error of SQLite or of the disk."""
    reason = str(error.orig if isinstance(error, DBAPIError) else error) or type(error).__name__
    advice = "check that its folder is there, is writable and is not full"
    if "full" in reason:
        advice = "its disk is full: make room, then try again"
    elif "readonly" in reason or isinstance(error, PermissionError):
        advice = "it cannot be written: give this user the right to write the file and its folder"
    elif "malformed" in reason or "not a database" in reason:
        advice = "the file is damaged or something else: restore a backup, or name another file"
    return BackendUnavailable(f"the database {file} cannot be used ({reason}), and nothing was written: {advice}")


def _lock_file(file: Path) -> IO[str]:
    return file.with_name(f"{file.name}.lock").open("w", encoding="utf-8")


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def _sql_connection(connection: sqlite3.Connection, file: Path) -> Connection:
    """Return SQLAlchemy's face of the writer's connection. It never begins or ends a transaction by itself."""
    return create_engine(f"sqlite:///{file}", creator=lambda: connection, poolclass=StaticPool).connect()


def _begin(connection: sqlite3.Connection) -> bool:
    """Begin a transaction; False where somebody who does not take our lock holds the file just now."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return False
        raise
    return True


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")


def _rows(connection: Connection, statement: Statement) -> list[Any]:
    result = connection.execute(statement[0], statement[1] or None)
    return list(result) if result.returns_rows else []


def _refusal(error: SQLAlchemyError) -> Exception:
    reason = error.orig if isinstance(error, DBAPIError) else error
    return BadRequest(f"the database refuses a statement, and none of them was done: {reason}")
