from __future__ import annotations

import asyncio
import random

import pytest

from contracts.errors import VersionConflict
from tests.conformance.state_backends import State


@pytest.mark.parametrize(("writers", "times"), [(10, 10), pytest.param(50, 40, marks=pytest.mark.long)])
async def test_writers_on_one_document_lose_nothing(state: State, writers: int, times: int) -> None:
    await state.put("counters/a", 0)

    async def add() -> None:
        for _ in range(times):
            while not await _add_one(state):
                await asyncio.sleep(random.uniform(0, writers / 500))  # Else all read after each write.

    async with asyncio.TaskGroup() as group:
        for _ in range(writers):
            group.create_task(add())
    total = writers * times
    found = await state.history("counters/a", limit=total + 10)
    assert (found[0].value, len(found)) == (total, total + 1)
    assert [one.version for one in found] == list(range(total + 1, 0, -1))


async def _add_one(state: State) -> bool:
    found = await state.get("counters/a", fresh=True)
    assert found is not None
    try:
        await state.put("counters/a", found.value + 1, expect=found.version)
    except VersionConflict:
        return False
    return True
