"""The task that writes a PostgreSQL database of state, in groups.

A group whose connection is lost is done again. Where it was lost at COMMIT nobody has said whether it was done: each
batch therefore signs the table `writers` with its number, and the next attempt looks there first. It holds the lock
then, so the lost one is over, either way. (`pg_xact_status` does not tell enough: after a crash of the server the
number of a transaction that was lost with it may be given to another one.)
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from contracts.errors import BackendUnavailable, BadRequest, PerdureError
from memory.postgres_connection import FAILURES, PostgresAddress, is_of_data, is_passing, origin
from memory.postgres_session import PostgresSession
from memory.postgres_storage import SQL, begin_world, load, sign, store
from memory.sql.database import Statement
from memory.sql.schema import migrate
from memory.state.batch import planned, unmet
from memory.state.jobs import Job
from memory.state.world import Command, World

_MOST_IN_GROUP = 256
_AGAIN_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5)
_Outcome = tuple[Job, Any, BaseException | None]


class _Batch:
    """A group on its way, over all attempts to commit it.

    Attributes:
        sent: outcomes of an attempt that was sent to be committed, and its last sequence; None before.
    """

    def __init__(self, group: Sequence[Job], number: int) -> None:
        self.group = list(group)
        self.number = number
        self.taken: list[Job] = []
        self.sent: tuple[list[_Outcome], int] | None = None

    def take(self) -> list[Job]:
        """Return the jobs whose callers still wait, and those that were begun by an earlier attempt."""
        self.taken = [job for job in self.group if job in self.taken or job.take()]
        return self.taken

    @property
    def over(self) -> bool:
        """Whether nobody waits for any of it, and none of it was begun."""
        return not self.taken and all(job.over for job in self.group)


class PostgresWriter:
    """Writes one database, together with the writers of other processes. It belongs to one event loop.

    Args:
        address: of the database.
        committed: called after each group that moved the sequence, with it.
        patience: seconds that a write may take while the server is away or somebody holds the lock.
    """

    def __init__(self, address: PostgresAddress, *, committed: Callable[[int], None], patience: float = 30.0) -> None:
        self._address = address
        self._committed = committed
        self._patience = patience
        self._id = uuid4().hex
        self._batches = 0
        self._session: PostgresSession | None = None
        self._queue: asyncio.Queue[Job | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Bring the database to today's schema, and begin to write.

        Raises:
            BackendUnavailable: the database does not answer, or takes no such changes.
            ConfigurationError: a newer Perdure has migrated it.
        """
        try:
            session = await self._connected()
            await session.begin()
            await session.sql.run_sync(migrate)
            await session.driver.execute(SQL["forget_writers"])
            await session.commit()
        except FAILURES as error:
            await self._disconnect()
            raise self._address.unavailable(error) from error
        except PerdureError:
            await self._disconnect()
            raise
        self._task = asyncio.create_task(self._run())

    async def submit(self, command: Command[Any]) -> Any:
        """Have a command done, and return what it returns."""
        return await self._queued(Job(command, patience=self._patience, advice=self._advice()))

    async def write(self, statements: Sequence[Statement]) -> Any:
        """Have statements run, and return their rows."""
        return await self._queued(Job(None, statements=statements, patience=self._patience, advice=self._advice()))

    async def close(self) -> None:
        """Commit what is queued and close the connection."""
        task, self._task = self._task, None
        if task is not None:
            self._queue.put_nowait(None)
            await task
            await self._disconnect()

    async def _queued(self, job: Job) -> Any:
        if self._task is None:
            job.settle(None, BackendUnavailable(f"the database at {self._address.name} was closed: open it again"))
        else:
            self._queue.put_nowait(job)
        return await job.future

    def _advice(self) -> str:
        return (
            f"the database at {self._address.name} was away or locked for {self._patience:g} s, and nothing was"
            " written: check that it runs, and look for a session that holds the lock of Perdure's writers (pg_locks)"
        )

    async def _run(self) -> None:
        waiting: Job | None = None
        while True:
            first = waiting or await self._queue.get()
            if first is None:
                return
            group, waiting = self._group(first)
            await self._finish(group)

    def _group(self, first: Job) -> tuple[list[Job], Job | None]:
        """Return what is committed together, and the job that comes after it where that is known already."""
        group = [first]
        while len(group) < _MOST_IN_GROUP and not self._queue.empty():
            job = self._queue.get_nowait()
            if job is None:
                self._queue.put_nowait(None)  # the end comes after this group
                return group, None
            if job.alone or first.alone:
                return group, job
            group.append(job)
        return group, None

    async def _finish(self, group: Sequence[Job]) -> None:
        self._batches += 1
        batch = _Batch(group, self._batches)
        ends = asyncio.get_running_loop().time() + self._patience
        for pause in _pauses():
            if await self._tried(batch, ends=ends):
                return
            await asyncio.sleep(pause)

    async def _tried(self, batch: _Batch, *, ends: float) -> bool:
        """Try to commit a batch. False where it may be tried again."""
        try:
            outcomes, moved_to = await self._attempt(batch)
        except Exception as error:  # noqa: BLE001 - told to each caller; the task must live on for the next ones
            await self._disconnect()
            if not is_passing(error):
                await self._refuse(batch, error)
                return True
            if asyncio.get_running_loop().time() < ends and not batch.over:
                return False
            _settle([(job, None, self._unavailable(batch, error)) for job in batch.group])
            return True
        _settle(outcomes)
        if moved_to is not None:
            self._committed(moved_to)
        return True

    async def _refuse(self, batch: _Batch, error: Exception) -> None:
        """Tell of an error that stays. One job must not fail the others of its group: each is tried by itself."""
        if len(batch.group) > 1:
            for job in batch.group:
                job.give_back()
                await self._finish([job])
            return
        refusal = _refusal(error) if is_of_data(error) else self._unavailable(batch, error)
        _settle([(batch.group[0], None, refusal)])

    async def _attempt(self, batch: _Batch) -> tuple[list[_Outcome], int | None]:
        session = await self._connected()
        await session.begin()
        world, signed = await begin_world(session.driver, writer=self._id)
        if batch.sent is not None and signed == batch.number:
            await session.roll_back()
            return batch.sent
        batch.sent = None
        outcomes = await self._done(session, world, batch.take())
        if not world.changes and all(job.command is not None for job, _, _ in outcomes):
            await session.roll_back()
            return outcomes, None
        await sign(session.driver, world, writer=self._id, batch=batch.number)
        batch.sent = outcomes, world.sequence
        await session.commit()
        return outcomes, world.sequence if world.sequence > world.began_at else None

    async def _done(self, session: PostgresSession, world: World, jobs: Sequence[Job]) -> list[_Outcome]:
        with_commands = [(job, job.command) for job in jobs if job.command is not None]
        commands = [command for _, command in with_commands]
        while needs := unmet(commands, world):
            await load(session.driver, needs, world)
        results = [planned(command, world) for command in commands]
        if world.changes:
            await store(session.driver, world.changes)
        outcomes: list[_Outcome] = [
            (job, result.result, result.refusal) for (job, _), result in zip(with_commands, results, strict=True)
        ]
        return outcomes + [await _statements(session, job) for job in jobs if job.command is None]

    def _unavailable(self, batch: _Batch, error: BaseException) -> BackendUnavailable:
        if batch.sent is None:
            return self._address.unavailable(error, outcome=", and nothing was written")
        outcome = ", and whether the change was made is not known (a repeat with the same idempotency key is safe)"
        return self._address.unavailable(error, outcome=outcome)

    async def _connected(self) -> PostgresSession:
        if self._session is None:
            self._session = await PostgresSession.open(self._address)
        return self._session

    async def _disconnect(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


async def _statements(session: PostgresSession, job: Job) -> _Outcome:
    try:
        return job, await session.run(job.statements), None
    except SQLAlchemyError as error:
        if is_passing(error):
            raise
        return job, None, _refusal(error)


def _refusal(error: Exception) -> BadRequest:
    return BadRequest(f"the database refuses a statement, and none of them was done: {origin(error)}")


def _settle(outcomes: Sequence[_Outcome]) -> None:
    for job, result, failure in outcomes:
        job.settle(result, failure)


def _pauses() -> Iterator[float]:
    """Yield seconds to wait before the next attempt: soon at first, and not all processes at once."""
    for seconds in chain(_AGAIN_SECONDS, repeat(_AGAIN_SECONDS[-1])):
        yield seconds * random.uniform(0.5, 1.0)
