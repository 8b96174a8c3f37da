"""What archives of memories promise: see `contracts.memory_archive`. Each test takes from one tenant into another."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import BadRequest, Conflict, Forbidden
from contracts.memories import Grant, Memory, MemoryDraft, MemoryScope, MemorySource
from memory.memory_ledger import SqlMemoryLedger
from perdure.memory import Memories
from perdure.storage import Storage
from perdure.transfer.importing import Imported, Reading
from tests.support.state_backends import StateBackend

NOON = datetime(2026, 5, 1, 12, 30, 0, 123456, tzinfo=UTC)
# What another database, or another place in it, counts or calls otherwise.
PLACE = {"sequence", "tenant", "branch"}


@dataclass(frozen=True, kw_only=True)
class Move:
    """Memories of two tenants, as an operator has them, and a file between them."""

    all: Memories
    file: Path
    source: str = field(default_factory=lambda: f"t-{secrets.token_hex(6)}")
    target: str = field(default_factory=lambda: f"t-{secrets.token_hex(6)}")

    @property
    def here(self) -> Memories:
        return self.all.of(tenant=self.source, operator=True).by("zoe")

    @property
    def there(self) -> Memories:
        return self.all.of(tenant=self.target, operator=True).by("max")

    async def bring(self, *, vectors: bool = False) -> Imported:
        await self.here.export(self.file, vectors=vectors)
        return await self.there.import_(self.file)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.read_text().splitlines()]


@pytest.fixture(scope="session")
async def storage(kind: StateBackend, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Storage]:
    async with kind.settings(tmp_path_factory.mktemp("archives")) as settings:
        storage = Storage(settings)
        yield storage
        await storage.close()


@pytest.fixture
def move(storage: Storage, tmp_path: Path) -> Move:
    return Move(all=storage.memory, file=tmp_path / "memories.jsonl")


def said(memory: Memory) -> dict[str, Any]:
    return memory.model_dump(exclude=PLACE)


async def lived(move: Move) -> list[str]:
    """Write memories that have lived, and return their ids."""
    whole = MemoryDraft(
        text="Zoë moved to Lisbon 🌊",
        scope=MemoryScope(user="ada", agent="clerk"),
        kind="procedural",
        speaker="Zoë",
        tags=("a b", 'quo"te'),
        entities=("Lisbon", "«Ana»"),
        importance=0.75,
        pinned=True,
        happened_at=NOON,
        valid_from=NOON,
        valid_until=NOON + timedelta(days=1),
        expires_at=datetime.now(UTC) + timedelta(days=9),
        hold=True,
        grants=(Grant(scope=MemoryScope(team="sales"), until=NOON), Grant(scope=MemoryScope())),
        source=MemorySource(run="r", execution="e", turn=2, messages=(3, 4), thread="t", position=-7, document="/a.md"),
        metadata={"x": [1, {"y": None}], "": 2.5},
    )
    (first,) = await move.here.add_all([whole])
    second = await move.here.add("Ada works in Lisbon", user="ada")
    await move.here.edit(second.id, text="Ada works in Porto", why="she moved")
    third = await move.here.add("Ada works in Faro", user="ada", supersedes=[second.id])
    fourth = await move.here.add("Maybe she likes tea", user="bob", status="review", doubt="who says?")
    await move.here.review(fourth.id, decision="accept", why="she did")
    fifth = await move.here.add("Nobody is to know", session="s-1")
    await move.here.forget(fifth.id, why="asked to")
    return [first.id, second.id, third.id, fourth.id, fifth.id]


@pytest.mark.parametrize("vectors", [False, True])
async def test_memories_come_as_they_were(move: Move, vectors: bool) -> None:
    ids = await lived(move)
    found = await move.bring(vectors=vectors)
    assert (found.added, found.unchanged, found.faults) == (9, 0, ())
    for id in ids:
        before, after = await move.here.history(id), await move.there.history(id)
        assert [said(memory) for memory in after] == [said(memory) for memory in before]
        assert {memory.tenant for memory in after} == {move.target}


async def test_what_was_brought_is_found(move: Move) -> None:
    await lived(move)
    await move.bring()
    found = await move.there.search("where does ada work", user="ada", operator=False, explain=True)
    assert found.hits[0].memory.text == "Ada works in Faro"
    assert "dense" in {share.leg for share in found.hits[0].shares}
    assert not any("Porto" in hit.memory.text for hit in found.hits)


async def test_bringing_it_again_changes_nothing(move: Move) -> None:
    await lived(move)
    await move.bring(vectors=True)
    before = (await move.there.stats())["sequence"]
    again = await move.there.import_(move.file)
    assert (again.added, again.unchanged) == (0, 9)
    assert (await move.there.stats())["sequence"] == before


async def test_what_was_written_since_is_added(move: Move) -> None:
    ids = await lived(move)
    await move.bring()
    await move.here.edit(ids[2], tags=["moved"])
    await move.here.add("Something new")
    found = await move.bring()
    assert (found.added, found.unchanged) == (2, 9)
    assert (await move.there.get(ids[2])).tags == ("moved",)


async def test_an_archive_of_an_archive_is_the_same(move: Move) -> None:
    await lived(move)
    await move.bring(vectors=True)
    first = move.lines()
    await move.there.export(move.file, vectors=True)
    assert [_versions(line) for line in move.lines()[1:-1]] == [_versions(line) for line in first[1:-1]]


def _versions(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "memory": {name: value for name, value in line["memory"].items() if name not in PLACE}}


async def test_versions_stand_in_the_order_in_which_they_were_written(move: Move) -> None:
    await lived(move)
    await move.here.export(move.file)
    header, *versions, trailer = move.lines()
    sequences = [line["memory"]["sequence"] for line in versions]
    assert sequences == sorted(sequences)
    assert (header["format"], header["version"], header["memories"], header["versions"]) == (
        "perdure.memories",
        1,
        5,
        9,
    )
    assert (header["tenant"], header["embedder"].partition("/")[0]) == (move.source, "wordllama-256")
    assert trailer["lines"] == len(versions) + 1


async def test_what_is_seen_on_a_branch_is_taken_out(move: Move, storage: Storage) -> None:
    kept = await move.here.add("On main")
    await storage.state.of(move.source).branches.fork("trial")
    await move.here.add("On main, later")
    await move.here.edit(kept.id, branch="trial", text="On trial")
    await move.here.export(move.file, branch="trial")
    await move.there.import_(move.file)
    assert [memory.text for memory in (await move.there.list()).memories] == ["On trial"]
    assert [memory.text for memory in await move.there.history(kept.id)] == ["On trial", "On main"]


async def test_a_user_takes_out_only_what_he_sees(move: Move) -> None:
    await lived(move)
    await move.here.export(move.file, user="bob", operator=False)
    assert {line["memory"]["scope"].get("user") for line in move.lines()[1:-1]} == {"bob"}


async def test_only_an_operator_brings_an_archive(move: Move) -> None:
    await lived(move)
    await move.here.export(move.file)
    with pytest.raises(Forbidden, match="only an operator"):
        await move.there.import_(move.file, user="ada", operator=False)
    assert (await move.there.list()).memories == ()


@pytest.mark.parametrize(
    "fault", ["last line", "half", "a byte", "a line", "twice", "newer", "wrong vector", "wrong id"]
)
async def test_what_is_not_whole_is_refused_before_anything_is_written(move: Move, fault: str) -> None:
    await lived(move)
    await move.here.export(move.file, vectors=True)
    text = move.file.read_text()
    lines = text.splitlines(keepends=True)
    broken = {
        "last line": "".join(lines[:-1]),
        "half": text[: len(text) // 2],
        "a byte": text.replace("Porto", "Parto"),
        "a line": "".join([*lines[:3], *lines[4:]]),
        "twice": text + text,
        "newer": text.replace('"version":1', '"version":2', 1),
        "wrong vector": _signed([line.replace('post1":"', 'post1":"AAAA') for line in lines]),
        "wrong id": _signed([line.replace('"id":"', '"id":"*', 1) for line in lines]),
    }[fault]
    move.file.write_text(broken)
    with pytest.raises(BadRequest):
        await move.there.import_(move.file)
    assert (await move.there.list(filter={"statuses": ["active", "forgotten", "superseded"]})).memories == ()


def _signed(lines: list[str]) -> str:
    """Lines of an archive with a checksum that is right."""
    inner = "".join(lines[:-1])
    trailer = {"checksum": f"sha256:{hashlib.sha256(inner.encode()).hexdigest()}", "lines": len(lines) - 1}
    return f"{inner}{json.dumps(trailer)}\n"


async def test_another_memory_with_the_same_id_is_a_conflict_and_nothing_is_written(move: Move) -> None:
    ids = await lived(move)
    await move.there.add("Something else", id=ids[4])
    with pytest.raises(Conflict, match="says something else"):
        await move.bring()
    assert len((await move.there.list()).memories) == 1


async def test_it_is_recorded_who_took_out_and_who_brought_in(move: Move, storage: Storage) -> None:
    await lived(move)
    await move.bring()
    ledger = SqlMemoryLedger((await storage.state.stores.opened()).database)
    out = (await ledger.records(tenant=move.source, limit=1))[0]
    into = (await ledger.records(tenant=move.target, limit=1))[0]
    assert (out.action, out.actor, out.count) == ("export", "zoe", 5)
    assert (into.action, into.actor, into.count) == ("import", "max", 5)


async def test_a_dry_run_writes_nothing(move: Move) -> None:
    await lived(move)
    await move.here.export(move.file)
    found = await move.there.import_(move.file, reading=Reading(dry_run=True))
    assert found.added == 9
    assert (await move.there.list()).memories == ()
