"""The reference itself: every team ends on AutoGen's own runtime, and says the same each time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.model_server import ModelServer
from tests.support.scripts import teams
from tests.support.stock import run_stock
from tests.support.teams import TEAMS


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer(teams) as server:
        yield server


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize("name", TEAMS)
async def test_team_says_the_same_each_time(name: str, server: ModelServer) -> None:
    first = await run_stock(TEAMS[name], "Do the work.", url=server.url)
    second = await run_stock(TEAMS[name], "Do the work.", url=server.url)
    assert first == second
    assert len(first.turns) > 1
