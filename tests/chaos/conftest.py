"""What the chaos tests share: servers of a kind of their own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from perdure import connection, temporal_binary
from perdure.ports import free_port
from perdure.settings import TemporalSettings
from perdure.temporal_server import ServerPlace, TemporalServer
from tests.support.chaos_chains import ImpatientServer


@pytest.fixture(scope="session")
async def impatient(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """A client of a server that suggests a new history after 100 events."""
    folder = tmp_path_factory.mktemp("impatient")
    place = ServerPlace(port=free_port(), ui_port=free_port(), database=folder / "t.db", log=folder / "t.log")
    server = ImpatientServer(await temporal_binary.find(os.environ, say=lambda _: None), place)
    await server.start()
    yield await connection.connect(TemporalSettings(address=place.address))
    await server.stop()


@pytest.fixture
async def lonely_temporal(tmp_path: Path) -> AsyncIterator[TemporalServer]:
    """A server for one test: what it leaves unfinished must not be work for the workers of the next one."""
    place = ServerPlace(port=free_port(), ui_port=free_port(), database=tmp_path / "t.db", log=tmp_path / "t.log")
    server = TemporalServer(await temporal_binary.find(os.environ, say=lambda _: None), place)
    await server.start()
    yield server
    await server.stop()
