"""A real PostgreSQL server as a child process, which can be stopped, killed and started again on its data."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import asyncpg

from perdure.children import Child
from perdure.ports import HOST, free_port
from tests.support.programs import program

USER = "postgres"
_START_SECONDS = 30
_POLL_SECONDS = 0.02
# What a power loss would cost, no test asks for. A server that is killed has lost nothing that it had committed.
_UNSAFE = ("fsync=off", "full_page_writes=off")
_INITDB = ("--auth=trust", f"--username={USER}", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")


class PostgresServer:
    """A server with its data in a folder of its own.

    Args:
        fsync: whether a commit survives a power loss, as in production; only benchmarks need it.
        options: more settings, as "name=value".

    Attributes:
        made: names of databases that tests have made and that stay.
    """

    def __init__(self, *, fsync: bool = False, options: Sequence[str] = ()) -> None:
        self._options = (*(() if fsync else _UNSAFE), *options)
        self._folder = Path(tempfile.mkdtemp(prefix="perdure-postgres-"))
        self._child: Child | None = None
        self.port = free_port()
        self.made: set[str] = set()

    def url(self, database: str, *, port: int | None = None) -> str:
        """The address of a database; `port` is that of a proxy in front of the server."""
        return f"postgresql://{USER}@{HOST}:{port or self.port}/{database}"

    async def start(self) -> None:
        """Start the server, on new data the first time, and wait until it answers."""
        if not self._data.exists():
            await asyncio.to_thread(self._create)
        settings = ("listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}", *self._options)
        command = [_program("postgres"), "-D", str(self._data), "-p", str(self.port)]
        self._child = await Child.start(
            [*_as_postgres(), *command, *(word for setting in settings for word in ("-c", setting))],
            environ=os.environ,
            log=self._folder / "log",
        )
        await self._answers(self._child)

    async def stop(self) -> None:
        """Stop it in order: transactions that are open are undone, connections are told."""
        await self._end(signal.SIGINT)

    async def kill(self) -> None:
        """Kill the server as `kill -9` does; it recovers from its log when it is started again."""
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """Stop it and start it again."""
        await self.stop()
        await self.start()

    async def close(self) -> None:
        """Stop it and remove its data."""
        await self.kill()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def execute(self, statement: str, *, database: str = "postgres") -> None:
        """Run statements as the owner of everything."""
        connection = await asyncpg.connect(self.url(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    @asynccontextmanager
    async def database(self, *, template: str = "template1") -> AsyncIterator[str]:
        """The name of a new database, made like the template, that is gone when the context ends."""
        name = f"test_{uuid4().hex}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield name
        await self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _create(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER, USER)
        command = [*_as_postgres(), _program("initdb"), "-D", str(self._data), *_INITDB]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder)

    async def _answers(self, child: Child) -> None:
        async with asyncio.timeout(_START_SECONDS):
            while True:
                assert child.exit_code is None, child.output()
                with suppress(OSError, asyncpg.PostgresError):
                    return await self.execute("SELECT 1")
                await asyncio.sleep(_POLL_SECONDS)

    async def _end(self, number: signal.Signals) -> None:
        if self._child is not None:
            with suppress(ProcessLookupError):
                os.kill(self._child.pid, number)
            await self._child.wait()
            self._child = None
            await self._alone()

    async def _alone(self) -> None:
        """Wait until the processes of connections have seen that their server is gone."""
        needle = str(self._data).encode()
        while any(needle in found for found in await asyncio.to_thread(_working_folders)):
            await asyncio.sleep(_POLL_SECONDS)


@asynccontextmanager
async def postgres_server(*, fsync: bool = False) -> AsyncIterator[PostgresServer]:
    """A server that is gone when the context ends."""
    server = PostgresServer(fsync=fsync)
    try:
        await server.start()
        yield server
    finally:
        await server.close()


def _program(name: str) -> str:
    return program(name, package="postgresql")


def _as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root. The change of user would end the tie to this process, so it is made anew."""
    if os.geteuid() != 0:
        return []
    group = pwd.getpwnam(USER).pw_gid
    return ["setpriv", f"--reuid={USER}", f"--regid={group}", "--clear-groups", "--pdeathsig=KILL"]


def _working_folders() -> list[bytes]:
    found = []
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            found += [os.fsencode((process / "cwd").readlink())] if process.name.isdigit() else []
    return found
