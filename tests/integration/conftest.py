"""What the tests of the command line share."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from perdure import temporal_binary
from perdure.ports import free_port
from perdure.temporal_server import ServerPlace, TemporalServer
from tests.support.command_line import CommandLine
from tests.support.model_server import ModelServer
from tests.support.scripts import teams
from tests.support.stock import KEY, MODEL


@pytest.fixture(scope="session")
async def binary() -> Path:
    """The Temporal dev server's program, got before a command must wait for it."""
    return await temporal_binary.find(os.environ, say=lambda _: None)


@pytest.fixture
def command_line(tmp_path: Path) -> CommandLine:
    """The command line in an empty folder, with nothing set."""
    return CommandLine(tmp_path)


@pytest.fixture
async def lone_server(binary: Path, tmp_path: Path) -> AsyncIterator[TemporalServer]:
    """A Temporal server for one test, which no worker has ever asked for work."""
    place = ServerPlace(port=free_port(), ui_port=free_port(), database=tmp_path / "lone.db", log=tmp_path / "lone.log")
    server = TemporalServer(binary, place)
    await server.start()
    yield server
    await server.stop()


class Shared:
    """A stack that runs, the command line beside it, and the model server behind it."""

    def __init__(self, command_line: CommandLine, models: ModelServer, record: dict[str, Any]) -> None:
        self.command_line = command_line
        self.models = models
        self.record = record


@pytest.fixture(scope="package")
async def shared(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shared]:
    """One stack for all tests that only use one, with the test teams and their model server."""
    folder = tmp_path_factory.mktemp("stack")
    with ModelServer(teams) as models:
        settings = {"OPENAI_BASE_URL": models.url, "OPENAI_API_KEY": KEY, "PERDURE_MODEL": MODEL}
        # Its model does not know mem0's prompts.
        settings["PERDURE_EXTRACTOR"] = "rules"
        command_line = CommandLine(folder, PERDURE_APP="tests.support.stack_app,tests.support.stack_flows", **settings)
        async with command_line.up() as record:
            yield Shared(command_line, models, record)
