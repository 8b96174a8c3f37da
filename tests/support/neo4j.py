"""A real Neo4j server as a child process: Maven gets it once, Java runs it.

Half of its start is the loading of classes. So what a first server has loaded is archived beside the class path, and
the next ones are ready in two seconds instead of six.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from neo4j import AsyncGraphDatabase
from neo4j.exceptions import DriverError, Neo4jError

from contracts.relations import Relation, RelationChange
from memory.neo4j_connection import Neo4jConnection
from memory.neo4j_graph import Neo4jMemoryGraph
from perdure.children import Child
from perdure.locks import FileLock
from perdure.ports import HOST, free_port
from perdure.temporal_binary import cache_folder
from tests.support.programs import program

_VERSION = "5.26.30"
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>neo4j-server</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{_VERSION}</version>
  </dependency></dependencies>
</project>
"""
# The last four let it stop within a second; by default it takes ten.
_CONFIGURATION = """server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{port}
server.http.enabled=false
dbms.usage_report.enabled=false
dbms.security.auth_enabled=false
server.memory.pagecache.size=64m
db.shutdown_transaction_end_timeout=0s
db.tx_log.rotation.size=1M
db.tx_log.preallocate=false
internal.dbms.bolt.netty_server_shutdown_quiet_period=0
internal.dbms.bolt.netty_server_shutdown_timeout=1s
internal.server.bolt.thread_pool_shutdown_wait_time=0s
internal.server.bolt.connection_shutdown_wait_time=0s
"""
_JAVA = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_CLASSPATH, _ARCHIVE = "classpath", "classes.jsa"
_START_SECONDS = 60
_STOP_SECONDS = 60
_POLL_SECONDS = 0.1


class Neo4jServer:
    """A server with its data in a folder of its own.

    Args:
        program: folder with the class path of the server's program, and the archive of its classes.
        archives: whether it writes that archive when it is stopped.
    """

    def __init__(self, program: Path, *, archives: bool = False) -> None:
        self._program = program
        self._archives = archives
        self._folder = Path(tempfile.mkdtemp(prefix="perdure-neo4j-"))
        self._child: Child | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Its address."""
        return f"bolt://{HOST}:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it answers."""
        configuration = self._folder / "conf"
        configuration.mkdir(exist_ok=True)
        (configuration / "neo4j.conf").write_text(_CONFIGURATION.format(port=self.port), encoding="utf-8")
        home = (f"--home-dir={self._folder}", f"--config-dir={configuration}")
        archive = f"-XX:{'ArchiveClassesAtExit' if self._archives else 'SharedArchiveFile'}={self._program / _ARCHIVE}"
        classpath = (self._program / _CLASSPATH).read_text(encoding="utf-8").strip()
        command = ["java", *_JAVA, archive, "-cp", classpath, "org.neo4j.server.CommunityEntryPoint", *home]
        self._child = await Child.start(command, environ=os.environ, log=self._folder / "log")
        await self._answers(self._child)

    async def stop(self) -> None:
        """End it in order."""
        if self._child is not None:
            await self._child.stop(grace_seconds=_STOP_SECONDS)
            self._child = None

    async def kill(self) -> None:
        """End it at once, as `kill -9` does."""
        if self._child is not None:
            self.thaw()
            await self._child.stop(grace_seconds=0)
            self._child = None

    async def empty(self) -> None:
        """End it and remove its data; the next start begins anew."""
        await self.kill()
        await asyncio.to_thread(shutil.rmtree, self._folder / "data")

    def freeze(self) -> None:
        """Let it take connections and answer nothing."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._send(signal.SIGCONT)

    async def close(self) -> None:
        """End it and remove its data."""
        await self.kill()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    def _send(self, number: signal.Signals) -> None:
        assert self._child is not None, "the server was not started"
        with suppress(ProcessLookupError):
            os.kill(self._child.pid, number)

    async def _answers(self, child: Child) -> None:
        async with (
            asyncio.timeout(_START_SECONDS),
            AsyncGraphDatabase.driver(self.url, auth=None, connection_timeout=1) as driver,
        ):
            while True:
                assert child.exit_code is None, child.output()
                with suppress(DriverError, Neo4jError, OSError):
                    return await driver.verify_connectivity()
                await asyncio.sleep(_POLL_SECONDS)


@asynccontextmanager
async def started_neo4j() -> AsyncIterator[Neo4jServer]:
    """A server that is gone when the context ends. Without Java and Maven, and no way to them, the test is skipped."""
    server = Neo4jServer(await _program())
    try:
        await server.start()
        yield server
    finally:
        await server.close()


async def _program() -> Path:
    """Return the folder that says where the server's program is; it is fetched the first time."""
    folder = cache_folder(os.environ) / f"neo4j-{_VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    async with FileLock(folder / "lock").held():
        await asyncio.to_thread(program, "java", package="openjdk-17-jre-headless")
        if not _is_complete(folder / _CLASSPATH):
            await _fetch(folder)
        if not (folder / _ARCHIVE).is_file():
            await _archive(folder)
    return folder


def _is_complete(classpath: Path) -> bool:
    """Whether all that was fetched is still there: Maven's folder may have been emptied since."""
    if not classpath.is_file():
        return False
    return all(Path(jar).is_file() for jar in classpath.read_text(encoding="utf-8").strip().split(":"))


async def _fetch(folder: Path) -> None:
    (folder / _ARCHIVE).unlink(missing_ok=True)
    (folder / "pom.xml").write_text(_POM, encoding="utf-8")
    maven = await asyncio.to_thread(program, "mvn", package="maven")
    command = (maven, "-B", "-q", "dependency:build-classpath", f"-Dmdep.outputFile={_CLASSPATH}")
    process = await asyncio.create_subprocess_exec(*command, "-Dmdep.includeScope=runtime", cwd=folder)
    assert await process.wait() == 0, "Maven could not fetch Neo4j"


async def _archive(folder: Path) -> None:
    """Run a server that does what tests do, so that the classes it needs are archived."""
    server = Neo4jServer(folder, archives=True)
    try:
        await server.start()
        graph = Neo4jMemoryGraph(Neo4jConnection(server.url, patience=timedelta(seconds=_START_SECONDS)))
        relation = Relation(start="a", end="b", kind="knows")
        await graph.apply([RelationChange(relation=relation, sequence=1)], upto=1)
        await graph.neighbours(["a"], tenant=relation.tenant, depth=2, now=datetime.now(UTC))
        await graph.drop()
        await graph.close()
        await server.stop()
    finally:
        await server.close()
