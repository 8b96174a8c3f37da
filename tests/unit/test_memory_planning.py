"""How commits of memories are planned, without a database."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.errors import Conflict, NotFound, PerdureError
from contracts.memories import (
    Forgetting,
    Grant,
    MemoryCommit,
    MemoryDraft,
    MemoryRevision,
    MemoryScope,
    checked_memory_id,
)
from memory.ledger.changes import MemoryNeed
from memory.ledger.commits import MemoryCommitCommand, memory_command
from memory.ledger.drafts import new_ids
from memory.ledger.rows import Body, body_of, joined, scope_of, words
from memory.state.batch import planned, unmet
from memory.state.world import LATEST, World

TEAM = MemoryScope(team="sales")


def _command(*drafts: MemoryDraft, **more: Any) -> MemoryCommitCommand:
    commit = MemoryCommit(drafts=drafts, **more)
    count = len(drafts) + len(commit.revisions)
    return memory_command(commit, stems=[("a",)] * count, vectors=[b"v"] * count, embedder="e")


def _world(*, knowing: tuple[str, ...] = ()) -> World:
    world = World(sequence=10, now=1_000)
    for id_ in knowing:
        world.learn(MemoryNeed("default", "main", id_, LATEST), None)
    return world


def test_a_commit_has_one_order_of_versions_events_and_records() -> None:
    world = _world()
    made = _command(MemoryDraft(text="one"), MemoryDraft(text="two")).plan(world)
    memory = world.changes.memory
    assert [row.seq for row in made.rows] == list(memory.rows) == [11, 12]
    assert [event.seq for event in world.changes.events] == [13, 14]
    assert [record.seq for record in memory.records] == [15]
    assert made.sequence == world.sequence == memory.heads["default"] == 15
    assert set(memory.vectors) == {(11, "e"), (12, "e")}


def test_what_is_refused_changes_nothing() -> None:
    refused: list[tuple[dict[str, Any], type[PerdureError]]] = [
        ({"revisions": (MemoryRevision(id="gone", pinned=True),)}, NotFound),
        ({"forgettings": (Forgetting(id="gone"),)}, NotFound),
        ({"drafts": (MemoryDraft(text="x", id="a"), MemoryDraft(text="y", supersedes=("gone",)))}, NotFound),
    ]
    for more, error in refused:
        world = _world(knowing=("gone", "a"))
        drafts = more.pop("drafts", (MemoryDraft(text="written first"),))
        assert isinstance(planned(_command(*drafts, **more), world).refusal, error)
        assert (bool(world.changes), world.sequence) == (False, 10)


def test_commands_of_one_batch_see_each_other() -> None:
    world = _world(knowing=("a",))
    first = _command(MemoryDraft(text="one", id="a"))
    assert unmet([first], world) == []
    first.plan(world)
    with pytest.raises(Conflict, match="there is a memory 'a' already"):
        _command(MemoryDraft(text="two", id="a")).plan(world)
    made = _command(revisions=(MemoryRevision(id="a", expect=1, pinned=True),)).plan(world)
    assert made.rows[0].version == 2
    assert world.changes.memory.rows[11].until_seq == made.rows[0].seq
    assert world.changes.memory.closed == []


def test_a_scope_is_granted_as_long_as_any_of_its_grants_lasts() -> None:
    world = _world()
    _command(MemoryDraft(text="one", grants=(Grant(scope=TEAM), Grant(scope=TEAM)))).plan(world)
    assert [(grant.scope, grant.until) for grant in world.changes.memory.grants] == [("team=sales", None)]


def test_ids_are_many_short_and_in_order() -> None:
    ids = new_ids(5_000)
    assert len(set(ids)) == len(ids)
    assert {len(checked_memory_id(id_)) for id_ in ids} == {20}
    assert ids[0][:6] <= new_ids(1)[0][:6]


def test_what_is_stored_as_text_is_read_as_it_was() -> None:
    for body in (Body(), Body("d", ["a"], [1, 2], (), {"grants": {"": 1}})):
        assert [value or None for value in body_of(body.text())] == [value or None for value in body]
    for stems in ((), ("a",), ("a", "b c")):
        assert words(joined(stems)) == stems
    for scope in (MemoryScope(), TEAM, MemoryScope(user="a b", agent="x@y.z", session="s/1:2+3")):
        assert scope_of(scope.key) == scope
