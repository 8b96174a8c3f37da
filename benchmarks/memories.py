"""What it costs to remember and to recall, on SQLite and on PostgreSQL that syncs each commit."""

from __future__ import annotations

import time
from random import Random
from statistics import quantiles

from benchmarks import memories_worker
from benchmarks.figures import Figure
from benchmarks.memories_stage import ask, drafts, fill, followed, person, questions, remembering
from benchmarks.state_stage import StateStage, stages
from contracts.memories import Caller, MemoryScope
from contracts.memory_ports import ContextBuilder, MemoryStore
from contracts.remembering import ContextRequest

ONE = 10_000
LARGE = 100_000
PEOPLE = 100
EACH = 1_000
_SEARCHES = 400
_ADDS = 300
_CONTEXTS = 150
_WARM_UP = 50


async def measure() -> list[Figure]:
    """Measure both databases, one after the other, then how soon a worker is there."""
    found: list[Figure] = []
    async with stages() as both:
        for stage in both:
            found += await _one_person(stage)
            found += await _large_scope(stage)
            found += await _many_people(stage)
            found += await _second_level(stage)
    return found + await memories_worker.measure()


async def _one_person(stage: StateStage) -> list[Figure]:
    ada = person("ada")
    async with stage.empty() as settings, remembering(settings) as memory:
        seconds = await fill(memory.store, ada, ONE)
        later = await followed(memory.store)
        searches = await _searches(memory.store, [ada])
        repeats = await _repeats(memory.store, ada)
        adds = await _adds(memory.store, ada)
        contexts = await _contexts(memory.contexts)
    name = f"{stage.name}, {ONE:,} memories of one user"
    return [
        Figure.at_least(f"{name}: added in batches of 1,000", ONE / seconds, "memories/s", limit=1000),
        Figure.printed(f"{name}: the same until relations have followed", ONE / (seconds + later), "memories/s"),
        Figure.at_most(f"{name}: search, p50", _cut(searches, 50), "ms", limit=5),
        Figure.at_most(f"{name}: search, p95", _cut(searches, 95), "ms", limit=15),
        Figure.at_most(f"{name}: the same search again, p50", _cut(repeats, 50), "ms", limit=1),
        Figure.printed(f"{name}: the same search again, p95", _cut(repeats, 95), "ms"),
        Figure.at_most(f"{name}: add one, all projections, p50", _cut(adds, 50), "ms", limit=10),
        Figure.printed(f"{name}: add one, all projections, p95", _cut(adds, 95), "ms"),
        Figure.printed(f"{name}: context of a run, p50", _cut(contexts, 50), "ms"),
        Figure.at_most(f"{name}: context of a run, p95", _cut(contexts, 95), "ms", limit=60),
    ]


async def _searches(store: MemoryStore, callers: list[Caller], *, times: int = _SEARCHES) -> list[float]:
    """Ask each question once, of one of them each time; the first ones warm up."""
    for caller in callers:
        await store.warm(caller)
    choice, found = Random(2), []
    for text in questions(times + _WARM_UP):
        answer, milliseconds = await ask(store, choice.choice(callers), text)
        assert answer.hits, f"nothing was found for {text!r}"
        assert not answer.cached, f"{text!r} was asked before"
        found.append(milliseconds)
    return found[_WARM_UP:]


async def _repeats(store: MemoryStore, caller: Caller) -> list[float]:
    found = []
    for text in questions(20):
        await ask(store, caller, text)
        for _ in range(10):
            answer, milliseconds = await ask(store, caller, text)
            assert answer.cached, f"{text!r} was not kept"
            found.append(milliseconds)
    return found


async def _adds(store: MemoryStore, caller: Caller) -> list[float]:
    found, texts = [], []
    for draft in drafts(_ADDS, caller.scope, seed=3):
        began = time.perf_counter()
        await store.add(caller, [draft])
        found.append((time.perf_counter() - began) * 1000)
        texts.append(draft.text)
    answer, _ = await ask(store, caller, texts[-1])
    assert texts[-1] in {hit.memory.text for hit in answer.hits}, "what was added is not found"
    return found[_WARM_UP:]


async def _contexts(builder: ContextBuilder) -> list[float]:
    """Build contexts of a run: for a user, a session, a team and an agent."""
    scope = MemoryScope(user="ada", session="s-1", team="support", agent="clerk")
    found = []
    for number, text in enumerate(questions(_CONTEXTS + _WARM_UP)):
        request = ContextRequest(caller=Caller(actor="bench", scope=scope), task=f"{text} (task {number})")
        began = time.perf_counter()
        context = await builder.build(request)
        found.append((time.perf_counter() - began) * 1000)
        assert context.injected, context.note
    return found[_WARM_UP:]


async def _large_scope(stage: StateStage) -> list[Figure]:
    ada = person("ada")
    async with stage.empty() as settings:
        async with remembering(settings) as memory:
            seconds = await fill(memory.store, ada, LARGE)
            await followed(memory.store)
            searches = await _searches(memory.store, [ada])
        async with remembering(settings) as memory:
            began = time.perf_counter()
            await memory.store.warm(ada)
            loading = time.perf_counter() - began
    name = f"{stage.name}, {LARGE:,} memories in one scope"
    return [
        Figure.printed(f"{name}: added in batches of 1,000", LARGE / seconds, "memories/s"),
        Figure.printed(f"{name}: search, p50", _cut(searches, 50), "ms"),
        Figure.at_most(f"{name}: search, p95", _cut(searches, 95), "ms", limit=40),
        Figure.printed(f"{name}: index loaded by another process", loading, "s"),
    ]


async def _many_people(stage: StateStage) -> list[Figure]:
    people = [person(f"user-{number}") for number in range(PEOPLE)]
    async with stage.empty() as settings:
        async with remembering(settings) as memory:
            for number, caller in enumerate(people):
                await fill(memory.store, caller, EACH, seed=number)
            await followed(memory.store)
            searches = await _searches(memory.store, people)
        async with remembering(settings) as memory:
            first = [(await ask(memory.store, caller, "Who paid?"))[1] for caller in people]
    name = f"{stage.name}, {PEOPLE} users with {EACH:,} memories each"
    return [
        Figure.printed(f"{name}: search, p50", _cut(searches, 50), "ms"),
        Figure.at_most(f"{name}: search, p95", _cut(searches, 95), "ms", limit=10),
        Figure.printed(f"{name}: first search in a process, p95", _cut(first, 95), "ms"),
    ]


async def _second_level(stage: StateStage) -> list[Figure]:
    """Repeat in a second process what a first one asked: Redis knows the answers."""
    ada, asked = person("ada"), questions(2 * _WARM_UP)
    async with stage.empty(redis=True) as settings, remembering(settings) as one, remembering(settings) as other:
        await fill(one.store, ada, EACH)
        for text in asked:
            await ask(one.store, ada, text)
        answers = [await ask(other.store, ada, text) for text in asked]
    assert all(answer.cached for answer, _ in answers), "Redis did not keep all answers"
    times = [milliseconds for _, milliseconds in answers]
    name = f"{stage.name} with Redis: a search that another process made"
    return [
        Figure.at_most(f"{name}, p50", _cut(times, 50), "ms", limit=1),
        Figure.printed(f"{name}, p95", _cut(times, 95), "ms"),
    ]


def _cut(values: list[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1]
