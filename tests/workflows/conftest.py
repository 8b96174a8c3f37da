"""What the tests of flows share: one worker for each file, with real stores, tools and teams."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from perdure.stores import Stores, open_stores
from tests.support.flow_runs import FLOW_APP, Flows
from tests.support.model_server import ModelServer
from tests.support.running import APP, runner
from tests.support.scripts import teams


@pytest.fixture(scope="module")
async def flows(client: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Flows]:
    """Starts flows on a worker."""
    home = tmp_path_factory.mktemp("flows")
    with ModelServer(teams) as model:
        async with runner(client, home, model_url=model.url, app=(APP, FLOW_APP)) as running:
            yield Flows(running)


@pytest.fixture(scope="module")
async def stores(flows: Flows) -> AsyncIterator[Stores]:
    """That worker's stores, as another process sees them."""
    async with open_stores(flows.running.settings) as stores:
        yield stores
