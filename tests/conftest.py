"""What all tests share: one real Temporal server, one model server, and the proof that nothing is left behind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
from temporalio.client import Client

from contracts.ports import StateStore
from perdure import connection, temporal_binary
from perdure.ports import free_port
from perdure.settings import Settings, TemporalSettings
from perdure.stores import open_stores
from perdure.temporal_server import ServerPlace, TemporalServer
from tests.support.model_server import ModelServer
from tests.support.neo4j import Neo4jServer, started_neo4j
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.processes import children
from tests.support.redis import RedisServer
from tests.support.redis import redis_server as started_redis
from tests.support.reference import References
from tests.support.running import Runner, runner
from tests.support.scripts import teams
from tests.support.state_backends import BACKENDS, StateBackend

_LONG_SECONDS = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give long tests more time, those that say nothing of their own."""
    for item in items:
        if item.get_closest_marker("long") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_LONG_SECONDS))


@pytest.fixture(scope="session", autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    """When all tests have run, no process that they started runs and no task is pending."""
    yield
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert children() == []


@pytest.fixture(scope="session")
async def temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TemporalServer]:
    """A real Temporal dev server, one per test run, started as `perdure up` starts it."""
    folder = tmp_path_factory.mktemp("temporal")
    binary = await temporal_binary.find(os.environ, say=lambda _: None)
    place = ServerPlace(
        port=free_port(), ui_port=free_port(), database=folder / "temporal.db", log=folder / "temporal.log"
    )
    server = TemporalServer(binary, place)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
async def client(temporal: TemporalServer) -> Client:
    """A client of that server."""
    return await connection.connect(TemporalSettings(address=temporal.place.address))


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[PostgresServer]:
    """A real PostgreSQL server, one per test run; a test takes a database of its own from it."""
    async with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
async def redis_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RedisServer]:
    """A real Redis server, one per test run."""
    async with started_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
async def neo4j_server() -> AsyncIterator[Neo4jServer]:
    """A real Neo4j server, one per test run; a test takes a space of its own there."""
    async with started_neo4j() as server:
        yield server


@pytest.fixture(params=BACKENDS)
def state_backend(request: pytest.FixtureRequest) -> StateBackend:
    """Each kind of store for state, one after another; the servers that it needs run."""
    return StateBackend(
        postgres=request.getfixturevalue("postgres") if "postgresql" in request.param else None,
        redis=request.getfixturevalue("redis_server") if "redis" in request.param else None,
    )


@pytest.fixture
async def state_settings(state_backend: StateBackend, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings that lead to an empty database of that kind."""
    async with state_backend.settings(tmp_path / "home") as settings:
        yield settings


@pytest.fixture
async def state(state_settings: Settings) -> AsyncIterator[StateStore]:
    """A state store on it. `@pytest.mark.parametrize("state_backend", DATABASES, indirect=True)` leaves Redis out."""
    async with open_stores(state_settings) as stores:
        yield stores.state


@pytest.fixture
def model_server() -> Iterator[ModelServer]:
    """A model server that follows the script of the test teams; `reset(rule)` gives it another one."""
    with ModelServer(teams) as server:
        yield server


@pytest.fixture(scope="session")
def references() -> Iterator[References]:
    """What each test team says on AutoGen's own runtime."""
    with ModelServer(teams) as server:
        yield References(server)


NewRunner = Callable[..., AbstractAsyncContextManager[Runner]]


@pytest.fixture
def new_runner(client: Client, tmp_path: Path, model_server: ModelServer) -> NewRunner:
    """Makes workers that use the model server; see `tests.support.running.runner` for what can be given."""
    return partial(runner, client, tmp_path / "home", model_url=model_server.url)


@pytest.fixture
async def running(new_runner: NewRunner) -> AsyncIterator[Runner]:
    """A worker with the test teams."""
    async with new_runner() as running:
        yield running
