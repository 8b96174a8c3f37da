"""What the chaos tests share: a server that suggests new histories early."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from perdure import connection, temporal_binary
from perdure.ports import free_port
from perdure.settings import TemporalSettings
from perdure.temporal_server import ServerPlace
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
