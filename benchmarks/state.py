"""What state costs to write, to read and to watch, on SQLite and on PostgreSQL that syncs each commit."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from statistics import median, quantiles

from benchmarks import state_by_hand
from benchmarks.figures import Figure
from benchmarks.state_stage import DOCUMENTS, FORKED_AT, StateStage, fill, stages
from benchmarks.state_watcher import line_of, watcher
from contracts.ports import StateStore
from contracts.state import ABSENT, MAIN, Commit, Expect, Place, Write
from perdure.settings import Settings
from perdure.stores import open_stores

WRITERS = 16
_TIMES_EACH = 400
_ROUNDS = 5
_ALONE = 2000
_READS = 2000
_CHANGES = 200
_WARM_UP = 200
_P50_LIMIT = {"SQLite": 1.0, "PostgreSQL": 2.0}


async def measure() -> list[Figure]:
    """Measure both databases, one after the other."""
    found: list[Figure] = []
    async with stages() as both:
        for stage in both:
            found += await _writes(stage)
            found += await _reads(stage)
            found += await _watches(stage)
    return found


async def _writes(stage: StateStage) -> list[Figure]:
    async with stage.empty() as settings, open_stores(settings) as stores:
        alone = await _write_on(stores.state, "alone", _ALONE)
        ours, hands, waits = await _compared(stores.state, settings)
    return [
        Figure.at_most(
            f"{stage.name}: compare-and-set, 1 writer, p50", _cut(alone, 50), "ms", limit=_P50_LIMIT[stage.name]
        ),
        Figure.printed(f"{stage.name}: compare-and-set, 1 writer, p95", _cut(alone, 95), "ms"),
        Figure.at_most(f"{stage.name}: compare-and-set, 16 writers, p95", _cut(waits, 95), "ms", limit=15),
        Figure.printed(f"{stage.name}: compare-and-set, 16 writers, longest", max(waits), "ms"),
        Figure.at_least(f"{stage.name}: 16 writers on different documents", ours, "writes/s", limit=4000),
        Figure.printed(f"{stage.name}: the same by hand, a transaction a write", hands, "writes/s"),
        Figure.at_least(f"{stage.name}: store / by hand", ours / hands, "x", limit=0.5),
    ]


async def _compared(state: StateStore, settings: Settings) -> tuple[float, float, list[float]]:
    """Write through the store and by hand, by turns; the first round warms up."""
    ours, hands, waits = [], [], []
    for round_ in range(_ROUNDS + 1):
        began = time.perf_counter()
        keys = [f"d{round_}-{writer}" for writer in range(WRITERS)]
        found = await asyncio.gather(*(_write_on(state, key, _TIMES_EACH) for key in keys))
        ours.append(WRITERS * _TIMES_EACH / (time.perf_counter() - began))
        hands.append(await state_by_hand.rate(settings, writers=WRITERS, times=_TIMES_EACH))
        waits += [wait for each in found for wait in each] if round_ else []
    return median(ours[1:]), median(hands[1:]), waits


async def _write_on(state: StateStore, key: str, times: int) -> list[float]:
    """Write a document by compare-and-set, and return the milliseconds of each write."""

    async def write(number: int) -> None:
        expect: Expect = number or ABSENT
        change = Write(kind="put", namespace="bench", key=key, value={"count": number}, expect=expect)
        await state.commit(Commit(writes=(change,)))

    return await _times(write, times)


async def _reads(stage: StateStage) -> list[Figure]:
    async with stage.empty() as settings, open_stores(settings) as stores:
        await fill(settings)
        await _fork(stores.state)
        current = await _read(stores.state, MAIN)
        forked = await _read(stores.state, "second")
        cached = await _read(stores.state, MAIN, fresh=False)
        redis = await _read_cached(stage, settings)
    name = f"{stage.name}: read of one of 100,000 documents with 20 versions"
    return [
        Figure.at_most(f"{name}, p95", _cut(current, 95), "ms", limit=1),
        Figure.at_most(f"{name}, on a fork of a fork, p95", _cut(forked, 95), "ms", limit=1),
        Figure.at_most(f"{name}, cached in process, p95", _cut(cached, 95), "ms", limit=0.2),
        Figure.at_most(f"{name}, cached in Redis, p95", _cut(redis, 95), "ms", limit=0.2),
    ]


async def _fork(state: StateStore) -> None:
    """Fork in the middle of the history, and fork the fork; some documents are changed on each."""
    await state.fork("first", at=FORKED_AT)
    await _change(state, "first")
    await state.fork("second", parent="first")
    await _change(state, "second")


async def _change(state: StateStore, branch: str) -> None:
    for number in range(0, DOCUMENTS, DOCUMENTS // 100):
        change = Write(kind="patch", namespace="stock", key=f"d{number}", value={"branch": branch})
        await state.commit(Commit(writes=(change,), branch=branch))


async def _read(state: StateStore, branch: str, *, fresh: bool = True) -> list[float]:
    """Read documents at random; cached ones are few, so that they are there."""
    choice = random.Random(1)
    documents = DOCUMENTS if fresh else 10

    async def read(_: int) -> None:
        place = Place(namespace="stock", key=f"d{choice.randrange(documents)}", branch=branch)
        assert await state.get(place, fresh=fresh) is not None

    return await _times(read, _READS)


async def _read_cached(stage: StateStage, settings: Settings) -> list[float]:
    async with open_stores(settings.model_copy(update={"redis_url": stage.with_redis.redis_url})) as stores:
        return await _read(stores.state, MAIN, fresh=False)


async def _watches(stage: StateStage) -> list[Figure]:
    without, with_redis = await _watch(stage, redis=False), await _watch(stage, redis=True)
    name = f"{stage.name}: change to watch in another process"
    return [
        Figure.at_most(f"{name}, p95", _cut(without, 95), "ms", limit=50),
        Figure.at_most(f"{name} with Redis, p95", _cut(with_redis, 95), "ms", limit=20),
    ]


async def _watch(stage: StateStage, *, redis: bool) -> list[float]:
    """Write now and then, and return how old each change was when another process saw it, its commit included."""
    found = []
    async with stage.empty(redis=redis) as settings, open_stores(settings) as stores, watcher(settings) as process:
        for _ in range(_CHANGES):
            await asyncio.sleep(random.uniform(0.005, 0.03))
            change = Write(kind="put", namespace="watched", key="d", value=time.time())
            await stores.state.commit(Commit(writes=(change,)))
            found.append(float(await line_of(process)))
    return found


async def _times(act: Callable[[int], Awaitable[None]], times: int) -> list[float]:
    """Return the milliseconds that each call takes; those that warm up are left out where there are enough."""
    found = []
    for number in range(times):
        began = time.perf_counter()
        await act(number)
        found.append((time.perf_counter() - began) * 1000)
    return found[_WARM_UP:] if times > 2 * _WARM_UP else found


def _cut(values: list[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1]
