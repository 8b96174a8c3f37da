"""Workers with the teams that step into traps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest

from tests.conftest import NewRunner
from tests.support.running import APP, Runner

TRAPS = (APP, "tests.support.odd_teams", "tests.support.trap_teams")


@pytest.fixture
def trapping(new_runner: NewRunner) -> NewRunner:
    """Makes workers with those teams."""
    return partial(new_runner, app=TRAPS)


@pytest.fixture
async def trapped(trapping: NewRunner) -> AsyncIterator[Runner]:
    """A worker that replays each task from the start, so that what is not replayed alike shows."""
    async with trapping(max_cached_runs=0) as running:
        yield running
