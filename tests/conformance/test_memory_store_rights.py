"""What is somebody else's is not there, whichever way it is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from contracts.errors import Forbidden, NotFound
from contracts.memories import Caller, Forgetting, Grant, MemoryDraft, MemoryRevision, MemoryScope
from contracts.memory_ports import MemoryStore
from contracts.recall import MemoryFilter, MemoryListing, MemoryQuery
from contracts.relations import Relation
from tests.support.minds import Mind

pytestmark = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
SECRET = "Ada keeps the key under the blue flowerpot"
ADA = MemoryScope(user="ada")
ELSEWHERE = {"tenant": "elsewhere"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """What somebody tries to get at.

    Attributes:
        store: where.
        by: who tries.
        id: of Ada's memory.
        doubtful: id of one of hers that is in review.
        own: id of a memory of whoever tries.
        sequence: at which all of it was there.
    """

    store: MemoryStore
    by: Caller
    id: str
    doubtful: str
    own: str
    sequence: int


Attempt = Callable[[Target], Awaitable[Any]]
# These must answer as for an id that nobody has.
CHANGES: dict[str, Attempt] = {
    "get": lambda it: it.store.get(it.by, it.id),
    "get a version": lambda it: it.store.get(it.by, it.id, version=1),
    "get as of": lambda it: it.store.get(it.by, it.id, as_of=it.sequence),
    "edit": lambda it: it.store.edit(it.by, MemoryRevision(id=it.id, text="mine")),
    "edit nothing": lambda it: it.store.edit(it.by, MemoryRevision(id=it.id)),
    "take grants": lambda it: it.store.edit(it.by, MemoryRevision(id=it.id, grants=(Grant(scope=it.by.scope),))),
    "supersede by": lambda it: it.store.edit(
        it.by, MemoryRevision(id=it.own, status="superseded", superseded_by=it.id)
    ),
    "forget": lambda it: it.store.forget(it.by, Forgetting(id=it.id)),
    "history": lambda it: it.store.history(it.by, it.id),
    "accept": lambda it: it.store.review(it.by, it.doubtful, decision="accept"),
    "reject": lambda it: it.store.review(it.by, it.doubtful, decision="reject"),
    "mark": lambda it: it.store.mark(it.by, it.id, useful=True),
    "supersede": lambda it: it.store.add(it.by, [MemoryDraft(text="newer", scope=it.by.scope, supersedes=(it.id,))]),
    "relations": lambda it: it.store.relations(it.by, it.id),
    "relate to": lambda it: it.store.relate(it.by, Relation(start=it.own, end=it.id, kind="knows")),
    "relate from": lambda it: it.store.relate(it.by, Relation(start=it.id, end="entity:ada", kind="knows")),
    "path to": lambda it: it.store.path(it.by, it.own, it.id),
    "path from": lambda it: it.store.path(it.by, it.id, "entity:ada"),
}
# These must answer as if there were nothing.
READS: dict[str, Attempt] = {
    "search": lambda it: it.store.search(it.by, MemoryQuery(text="key under the blue flowerpot")),
    "search all": lambda it: it.store.search(it.by, MemoryQuery(text="", limit=100)),
    "search as of": lambda it: it.store.search(it.by, MemoryQuery(text="flowerpot", as_of=it.sequence)),
    "search the past": lambda it: it.store.search(it.by, MemoryQuery(text="", as_of=it.sequence)),
    "search by id": lambda it: it.store.search(it.by, MemoryQuery(text="flowerpot", filter=MemoryFilter(ids=(it.id,)))),
    "search the scope": lambda it: it.store.search(
        it.by, MemoryQuery(text="flowerpot", filter=MemoryFilter(scope=ADA))
    ),
    "search what is in doubt": lambda it: it.store.search(
        it.by, MemoryQuery(text="flowerpot", filter=MemoryFilter(statuses=("active", "review")))
    ),
    "list": lambda it: it.store.list(it.by, MemoryListing(limit=1000)),
    "list the scope": lambda it: it.store.list(it.by, MemoryListing(filter=MemoryFilter(scope=ADA))),
    "list the past": lambda it: it.store.list(it.by, MemoryListing(as_of=it.sequence)),
    "list ids": lambda it: it.store.list(it.by, MemoryListing(filter=MemoryFilter(ids=(it.id, it.doubtful)))),
    "relations of what it names": lambda it: it.store.relations(it.by, "entity:flowerpot"),
    "stats": lambda it: it.store.stats(it.by),
}
STRANGERS: dict[str, Callable[[Mind], Caller]] = {
    "another user": lambda mind: mind.caller("bob"),
    "nobody in particular": lambda mind: mind.caller(None),
    "her agent, without her": lambda mind: mind.caller(None, agent="writer"),
    "somebody with her name as a team": lambda mind: mind.caller("bob", team="ada", session="ada", agent="ada"),
    "her name elsewhere": lambda mind: mind.caller().model_copy(update=ELSEWHERE),
    "an operator elsewhere": lambda mind: mind.caller(None, operator=True).model_copy(update=ELSEWHERE),
}


async def _target(mind: Mind, by: Caller) -> Target:
    secret = await mind.one(SECRET, entities=("Flowerpot",))
    doubtful = await mind.one("Ada may have moved the flowerpot", status="review")
    (own,) = await mind.store.add(by, [MemoryDraft(text="something of my own", scope=by.scope)])
    return Target(store=mind.store, by=by, id=secret.id, doubtful=doubtful.id, own=own.id, sequence=doubtful.sequence)


@pytest.mark.parametrize("who", STRANGERS)
async def test_nobody_gets_at_what_is_not_theirs(mind: Mind, who: str) -> None:
    by = STRANGERS[who](mind)
    target = await _target(mind, by)
    for name, attempt in CHANGES.items():
        with pytest.raises(NotFound) as refused:
            await attempt(target)
        assert "flowerpot" not in str(refused.value), name
    for name, attempt in READS.items():
        answer = str(await attempt(target))
        assert target.id not in answer, name
        assert target.doubtful not in answer, name
        assert "flowerpot" not in answer.lower(), name
    unharmed = await mind.store.get(mind.caller(), target.id)
    assert (unharmed.text, unharmed.version, unharmed.grants) == (SECRET, 1, ())
    assert (await mind.store.get(mind.caller(), target.doubtful)).status == "review"


async def test_attempts_that_are_allowed_get_an_answer(mind: Mind) -> None:
    """Else the test above would prove nothing."""
    target = await _target(mind, mind.caller())
    answers = [str(await attempt(target)) for attempt in READS.values()]
    assert sum(target.id in answer for answer in answers) >= len(answers) - 2
    for attempt in CHANGES.values():
        await attempt(await _target(mind, mind.caller()))


@pytest.mark.parametrize("scope", [ADA, MemoryScope(user="bob", agent="writer"), MemoryScope(team="sales")])
async def test_nobody_writes_where_they_are_not_at_home(mind: Mind, scope: MemoryScope) -> None:
    bob = mind.caller("bob")
    with pytest.raises(Forbidden, match="not within the caller's"):
        await mind.store.add(bob, [MemoryDraft(text="planted", scope=scope)])
    with pytest.raises(Forbidden):
        await mind.store.relate(bob, Relation(start="entity:a", end="entity:b", kind="knows", scope=scope.key))
    assert await mind.found("planted", by=mind.caller(None, operator=True)) == []


async def test_who_may_read_by_a_grant_may_not_change(mind: Mind) -> None:
    shared = await mind.one(SECRET, grants=(Grant(scope=MemoryScope(user="bob")),))
    bob = mind.caller("bob")
    target = Target(store=mind.store, by=bob, id=shared.id, doubtful=shared.id, own=shared.id, sequence=shared.sequence)
    assert (await mind.store.get(bob, shared.id, version=1)).text == SECRET
    assert len(await mind.store.history(bob, shared.id)) == 1
    for name in ("edit", "edit nothing", "take grants", "forget", "accept", "reject", "supersede"):
        with pytest.raises(Forbidden):
            await CHANGES[name](target)


async def test_other_branches_of_the_tenant_are_not_seen(mind: Mind) -> None:
    await mind.stores.state.fork("side", tenant=mind.tenant)
    written = await mind.one(SECRET)
    side = mind.on("side")
    assert await side.found("flowerpot") == []
    with pytest.raises(NotFound):
        await side.store.get(side.caller(), written.id)


async def test_an_operator_sees_and_changes_everything_of_its_tenant(mind: Mind) -> None:
    written = await mind.one(SECRET)
    operator = mind.caller(None, operator=True)
    assert await mind.found("flowerpot", by=operator) == [SECRET]
    assert (await mind.store.edit(operator, MemoryRevision(id=written.id, pinned=True))).pinned
    with pytest.raises(Forbidden, match="operator"):
        await mind.store.forget_ranking(mind.caller())
    assert await mind.store.forget_ranking(operator) == 0
