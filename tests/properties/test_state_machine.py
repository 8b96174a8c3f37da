"""Whatever is done to the state store, in whatever order, a plain dictionary says the same."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from contracts.errors import BadRequest, Conflict, IdempotencyMismatch, NotFound, PerdureError, VersionConflict
from contracts.state import MAIN, Commit, Committed, Merged, Place, Query, Write
from memory.local_wakeups import LocalWakeUps
from memory.memory_cache import MemoryStateCache
from memory.sqlite_state import SqliteStateDatabase
from memory.state.differences import same
from memory.state.patches import merged
from memory.state_store import SqlStateStore

KEYS = ("a", "b", "c")
BRANCHES = (MAIN, "one", "two", "three")
NEW_BRANCHES = BRANCHES[1:]
_PARTS = st.dictionaries(st.sampled_from("xy"), st.integers(0, 2) | st.none(), max_size=2)
VALUES = st.integers(0, 2) | st.none() | _PARTS
EXPECTED = st.sampled_from(["any", "any", "absent", 1, 2, 3])


class Entry(NamedTuple):
    """A version of a document; None counts as gone where `gone` says so."""

    sequence: int
    version: int
    value: Any
    gone: bool = False
    restores: int | None = None


@dataclass
class Side:
    """A branch: the versions of each key that are seen on it, and how it came to be."""

    entries: dict[str, list[Entry]]
    parent: str = ""
    fork: int = 0
    state: str = "open"

    def last(self, key: str, *, upto: int | None = None) -> Entry | None:
        """The version that is current, or was."""
        found = [entry for entry in self.entries.get(key, []) if upto is None or entry.sequence <= upto]
        return found[-1] if found else None

    def value(self, key: str, *, upto: int | None = None) -> tuple[bool, Any]:
        """Whether it is there, and its value."""
        found = self.last(key, upto=upto)
        return (False, None) if found is None or found.gone else (True, found.value)


class Comparison(RuleBasedStateMachine):
    """Does the same to both, and compares.

    Args:
        store: the store, in which a tenant of its own is used.
        run: runs a coroutine to its end.
    """

    def __init__(self, store: SqlStateStore, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        super().__init__()
        self.store = store
        self.run = run
        self.tenant = f"t-{secrets.token_hex(6)}"
        self.sides: dict[str, Side] = {MAIN: Side({})}
        self.used: dict[str, tuple[Commit, Committed]] = {}
        self.pruned = False

    @rule(branch=st.sampled_from(BRANCHES), key=st.sampled_from(KEYS), value=VALUES, expect=EXPECTED)
    def put(self, branch: str, key: str, value: Any, expect: Any) -> None:
        self.commit(branch, Write(kind="put", namespace="t", key=key, value=value, expect=expect))

    @rule(branch=st.sampled_from(BRANCHES), key=st.sampled_from(KEYS), value=_PARTS, expect=EXPECTED)
    def patch(self, branch: str, key: str, value: Any, expect: Any) -> None:
        self.commit(branch, Write(kind="patch", namespace="t", key=key, value=value, expect=expect))

    @rule(branch=st.sampled_from(BRANCHES), key=st.sampled_from(KEYS), expect=EXPECTED)
    def delete(self, branch: str, key: str, expect: Any) -> None:
        self.commit(branch, Write(kind="delete", namespace="t", key=key, expect=expect))

    @rule(branch=st.sampled_from(BRANCHES), key=st.sampled_from(KEYS), to=st.integers(1, 3), expect=EXPECTED)
    def restore(self, branch: str, key: str, to: int, expect: Any) -> None:
        if not self.pruned:
            self.commit(branch, Write(kind="restore", namespace="t", key=key, to=to, expect=expect))

    @rule(branch=st.sampled_from(BRANCHES), values=st.tuples(VALUES, VALUES), expect=EXPECTED)
    def put_two(self, branch: str, values: tuple[Any, Any], expect: Any) -> None:
        writes = (
            Write(kind="put", namespace="t", key="a", value=values[0]),
            Write(kind="put", namespace="t", key="b", value=values[1], expect=expect),
        )
        self.commit(branch, *writes)

    @rule(branch=st.sampled_from(BRANCHES), value=VALUES, name=st.sampled_from("kl"))
    def put_once(self, branch: str, value: Any, name: str) -> None:
        write = Write(kind="put", namespace="t", key="a", value=value)
        commit = Commit(writes=(write,), branch=branch, tenant=self.tenant, idempotency_key=name)
        if name not in self.used:
            made = self.commit(branch, write, idempotency_key=name)
            if made is not None:
                self.used[name] = commit, made
        elif branch in self.sides and self.sides[branch].state != "dropped":
            self.repeat(commit, *self.used[name])

    def repeat(self, commit: Commit, first: Commit, made: Committed) -> None:
        if commit == first:
            assert self.run(self.store.commit(commit)) == made.model_copy(update={"repeated": True})
        else:
            with pytest.raises(IdempotencyMismatch):
                self.run(self.store.commit(commit))

    @rule(name=st.sampled_from(NEW_BRANCHES), parent=st.sampled_from(BRANCHES), back=st.integers(0, 3))
    def fork(self, name: str, parent: str, back: int) -> None:
        if self.pruned:
            back = 0
        at = max(self.run(self.store.sequence()) - back, 0)
        fork = self.store.fork(name, parent=parent, at=at, tenant=self.tenant)
        refusal = self.fork_refusal(name, parent, at)
        if refusal is not None:
            self.refused(fork, refusal)
            return
        self.run(fork)
        if name not in self.sides:
            seen = self.sides[parent].entries
            entries = {key: [one for one in found if one.sequence <= at] for key, found in seen.items()}
            self.sides[name] = Side(entries, parent=parent, fork=at)

    def fork_refusal(self, name: str, parent: str, at: int) -> type[PerdureError] | None:
        known = self.sides.get(name)
        if known is not None:
            same_fork = known.state != "dropped" and (known.parent, known.fork) == (parent, at)
            return None if same_fork else Conflict
        return None if self.is_there(parent) else NotFound

    def is_there(self, name: str) -> bool:
        return name in self.sides and self.sides[name].state != "dropped"

    @rule(name=st.sampled_from(NEW_BRANCHES), prefer=st.sampled_from([None, "ours", "theirs"]))
    def merge(self, name: str, prefer: str | None) -> None:
        merge = self.store.merge(name, commit=Commit(tenant=self.tenant), prefer=prefer)
        if not self.is_there(name):
            self.refused(merge, NotFound)
            return
        side = self.sides[name]
        parent = self.sides[side.parent]
        if side.state != "open" or parent.state != "open":
            self.refused(merge, BadRequest)
            return
        changed = {key for key in KEYS if self.changed(side, parent, key)}
        fights = {key for key in changed if parent.last(key) != parent.last(key, upto=side.fork)}
        found = self.run(merge)
        if prefer is None and fights:
            assert found.committed is None
            assert {conflict.place.key for conflict in found.conflicts} == fights
        else:
            self.is_merged(side, found, changed - (fights if prefer == "ours" else set()))

    def is_merged(self, side: Side, found: Merged, chosen: set[str]) -> None:
        assert found.committed is not None
        assert found.conflicts == ()
        assert {document.place.key for document in found.committed.documents} == chosen
        parent = self.sides[side.parent]
        self.keep(parent, found.committed)
        assert all(parent.value(key) == side.value(key) for key in chosen)
        side.state = "merged"

    @staticmethod
    def changed(side: Side, parent: Side, key: str) -> bool:
        theirs, ours, base = side.value(key), parent.value(key), parent.value(key, upto=side.fork)
        return not same(list(theirs), list(ours)) and not same(list(theirs), list(base))

    @rule(name=st.sampled_from(NEW_BRANCHES))
    def drop(self, name: str) -> None:
        drop = self.store.drop(name, tenant=self.tenant)
        children = [one for one in self.sides.values() if one.parent == name and one.state != "dropped"]
        if name not in self.sides:
            self.refused(drop, NotFound)
        elif children and self.sides[name].state != "dropped":
            self.refused(drop, Conflict)
        else:
            self.run(drop)
            self.sides[name].state = "dropped"

    @rule()
    def prune(self) -> None:
        before = datetime.now(UTC) + timedelta(days=1)
        self.pruned = self.run(self.store.prune(before=before, tenant=self.tenant)) > 0 or self.pruned

    @invariant()
    def says_the_same(self) -> None:
        for name, side in self.sides.items():
            if side.state == "dropped":
                self.refused(self.store.get(self.place("a", name), fresh=True), NotFound)
                continue
            there = {key: side.value(key)[1] for key in KEYS if side.value(key)[0]}
            page = self.run(self.store.query(Query(namespace="t", branch=name, tenant=self.tenant)))
            assert same({found.place.key: found.value for found in page.documents}, there)
            for key in KEYS:
                self.reads_the_same(name, key, side)

    def reads_the_same(self, branch: str, key: str, side: Side) -> None:
        place = self.place(key, branch)
        entries = side.entries.get(key, [])
        for fresh in (True, False):
            found = self.run(self.store.get(place, fresh=fresh))
            assert same([found is not None, found and found.value], list(side.value(key)))
        history = [entry.version for entry in reversed(entries)]
        kept = [document.version for document in self.run(self.store.history(place))]
        if not self.pruned:
            assert kept == history
        else:
            assert kept[:1] == history[:1]
            assert set(kept) <= set(history)

    def commit(self, branch: str, *writes: Write, **more: Any) -> Committed | None:
        commit = self.store.commit(Commit(writes=writes, branch=branch, tenant=self.tenant, **more))
        side = self.sides.get(branch)
        if side is None or side.state == "dropped":
            self.refused(commit, NotFound)
            return None
        if side.state != "open":
            self.refused(commit, BadRequest)
            return None
        refusal = next((refusal for write in writes if (refusal := self.refusal(side, write)) is not None), None)
        if refusal is not None:
            self.refused(commit, refusal)
            return None
        values = [list(self.written(side, write)) for write in writes]
        made: Committed = self.run(commit)
        assert same([[not found.gone, found.value] for found in made.documents], values)
        self.keep(side, made)
        return made

    @staticmethod
    def refusal(side: Side, write: Write) -> type[PerdureError] | None:
        last = side.last(write.key)
        there = last is not None and not last.gone
        if write.expect == "absent" and there:
            return VersionConflict
        if isinstance(write.expect, int) and (last is None or write.expect not in (last.version, last.restores)):
            return VersionConflict
        known = {entry.version for entry in side.entries.get(write.key, [])}
        return NotFound if write.kind == "restore" and write.to not in known else None

    @staticmethod
    def written(side: Side, write: Write) -> tuple[bool, Any]:
        there, value = side.value(write.key)
        if write.kind == "put":
            return True, write.value
        if write.kind == "patch":
            return True, merged(value if there else {}, write.value)
        if write.kind == "delete":
            return False, None
        old = next(entry for entry in side.entries[write.key] if entry.version == write.to)
        return not old.gone, old.value

    @staticmethod
    def keep(side: Side, made: Committed) -> None:
        for found in made.documents:
            entries = side.entries.setdefault(found.place.key, [])
            assert found.version == (entries[-1].version if entries else 0) + 1
            assert not entries or found.sequence > entries[-1].sequence
            entries.append(Entry(found.sequence, found.version, found.value, found.gone, found.restores))

    def refused(self, call: Coroutine[Any, Any, Any], kind: type[PerdureError]) -> None:
        with pytest.raises(kind):
            self.run(call)

    def place(self, key: str, branch: str) -> Place:
        return Place(namespace="t", key=key, branch=branch, tenant=self.tenant)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.parametrize("examples", [8, pytest.param(300, marks=pytest.mark.long)])
def test_the_store_says_what_a_dictionary_says(runner: asyncio.Runner, tmp_path: Path, examples: int) -> None:
    database = SqliteStateDatabase(tmp_path / "state.db", wake_ups=LocalWakeUps())
    store = SqlStateStore(database, wake_ups=LocalWakeUps(), cache=MemoryStateCache(stale=timedelta(days=1)))
    run_state_machine_as_test(
        lambda: Comparison(store, runner.run),  # type: ignore[arg-type] # a factory does as well
        settings=settings(max_examples=examples, stateful_step_count=25, deadline=None),
    )
    runner.run(database.close())
