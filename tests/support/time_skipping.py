"""Temporal's test server, in which days pass at once: by Java and Maven where they are, else as the SDK gets it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from perdure.temporal_binary import cache_folder

_VERSION = "1.38.0"
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>test-server</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>{_VERSION}</version>
  </dependency></dependencies>
</project>
"""
_PROGRAM = """#!/bin/sh
exec java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$(cat '{classpath}')" \\
  io.temporal.testserver.TestServer "$@" >/dev/null 2>&1
"""


@asynccontextmanager
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    """Start a server whose time is moved by `sleep` of what this yields."""
    program = await _program()
    environment = await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter, test_server_existing_path=None if program is None else str(program)
    )
    async with environment:
        yield environment


async def _program() -> Path | None:
    if shutil.which("java") is None or shutil.which("mvn") is None:
        return None
    folder = cache_folder(os.environ) / f"temporal-test-server-{_VERSION}"
    program, classpath = folder / "temporal-test-server", folder / "classpath"
    if not _is_complete(program, classpath):
        folder.mkdir(parents=True, exist_ok=True)
        await _fetch(folder, classpath)
        program.write_text(_PROGRAM.format(classpath=classpath), encoding="utf-8")
        program.chmod(0o755)
    return program


def _is_complete(program: Path, classpath: Path) -> bool:
    """Whether all that was fetched is still there: Maven's folder may have been emptied since."""
    if not os.access(program, os.X_OK) or not classpath.is_file():
        return False
    return all(Path(jar).is_file() for jar in classpath.read_text(encoding="utf-8").strip().split(":"))


async def _fetch(folder: Path, classpath: Path) -> None:
    (folder / "pom.xml").write_text(_POM, encoding="utf-8")
    command = ("mvn", "-B", "-q", "dependency:build-classpath", f"-Dmdep.outputFile={classpath}")
    process = await asyncio.create_subprocess_exec(*command, "-Dmdep.includeScope=runtime", cwd=folder)
    assert await process.wait() == 0, "Maven could not fetch Temporal's test server"
