"""Many changes at random: what an index has followed, what it loads anew, and what a simple model says are one."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from contracts.memories import Forgetting, Grant, MemoryCommit, MemoryRevision, MemoryScope
from contracts.memory_ports import LedgerEntry, Vector
from contracts.recall import MemoryFilter, MemoryListing
from tests.support.memory_ledgers import ADA, EMBEDDER, Memories, draft, vector_of

SCOPES = (ADA, MemoryScope(user="bob"), MemoryScope())
STEPS = 60


@dataclass(kw_only=True)
class _Fact:
    """What the model knows of a memory on a branch."""

    text: str
    scope: MemoryScope
    status: str = "active"
    vector: bool = True
    grants: tuple[MemoryScope, ...] = ()

    @property
    def scopes(self) -> set[MemoryScope]:
        return {self.scope, *self.grants}

    def is_seen_in(self, scope: MemoryScope) -> bool:
        return self.status == "active" and scope in self.scopes


@dataclass(kw_only=True)
class _Walk:
    memories: Memories
    random: random.Random
    branches: dict[str, dict[str, _Fact]] = field(default_factory=lambda: {"main": {}})
    followed: dict[tuple[str, MemoryScope], tuple[dict[str, LedgerEntry], int]] = field(default_factory=dict)
    made: int = 0

    async def step(self) -> None:
        """Do one commit of a few changes on some branch."""
        branch = self.random.choice(list(self.branches))
        facts = self.branches[branch]
        present = [id_ for id_, fact in facts.items() if fact.status != "forgotten"]
        chosen = self.random.sample(present, min(len(present), 3))
        drafts = [draft(self._text(), id=self._id(), scope=self.random.choice(SCOPES), **self._shared())]
        drafts += [draft(self._text(), id=self._id(), supersedes=tuple(chosen[:1]))]
        revisions = [MemoryRevision(id=id_, **self._revision()) for id_ in chosen[1:2]]
        forgettings = [Forgetting(id=id_) for id_ in chosen[2:]]
        with_vectors = self.random.random() < 0.7
        commit = MemoryCommit(
            drafts=tuple(drafts),
            revisions=tuple(revisions),
            forgettings=tuple(forgettings),
            tenant=self.memories.tenant,
            branch=branch,
        )
        await self._commit(commit, with_vectors=with_vectors)
        _tell(facts, commit, with_vectors=with_vectors)

    async def _commit(self, commit: MemoryCommit, *, with_vectors: bool) -> None:
        texts = [*(one.text for one in commit.drafts), *(one.text or "" for one in commit.revisions)]
        await self.memories.ledger.commit(
            commit,
            stems=[text.split() for text in texts],
            vectors=[vector_of(text) if with_vectors else None for text in texts],
            embedder=EMBEDDER,
        )

    def _revision(self) -> dict[str, Any]:
        return self.random.choice(
            [{"text": self._text()}, {"pinned": True}, {"status": "active"}, {"status": "abandoned"}, self._shared()]
        )

    def _shared(self) -> dict[str, Any]:
        some = self.random.sample(SCOPES, self.random.choice((0, 0, 1, 2)))
        return {"grants": tuple(Grant(scope=scope) for scope in some)}

    def _text(self) -> str:
        self.made += 1
        return f"text {self.made}"

    def _id(self) -> str:
        return f"m-{self.made}-{self.random.randrange(10**9)}"

    async def fork(self) -> None:
        """Fork a branch, as it is now."""
        parent, name = self.random.choice(list(self.branches)), f"b{len(self.branches)}"
        await self.memories.backend.state.fork(name, parent=parent, tenant=self.memories.tenant)
        self.branches[name] = {id_: replace(fact) for id_, fact in self.branches[parent].items()}

    async def embed(self) -> None:
        """Make the vectors that are missing on the branches themselves."""
        missing = await self.memories.ledger.without_vector(embedder=EMBEDDER, after=0, limit=10_000)
        vectors = [Vector(number, vector_of(text)) for number, text in missing]
        await self.memories.ledger.store_vectors(vectors, embedder=EMBEDDER)

    async def check(self) -> None:
        """See that followed, loaded and listed memories are those of the model."""
        for branch, facts in self.branches.items():
            for scope in SCOPES:
                loaded, _ = await self.memories.entries(scope, branch=branch)
                living = await self._follow(scope, branch=branch)
                assert living == {entry.id: entry for entry in loaded}
                expected = {id_: fact for id_, fact in facts.items() if fact.is_seen_in(scope)}
                _check_entries(living, expected)
                listing = MemoryListing(filter=MemoryFilter())
                place = {"tenant": self.memories.tenant, "branch": branch}
                assert await self.memories.ledger.matching(listing, scopes=[scope.key], **place) == expected.keys()

    async def _follow(self, scope: MemoryScope, *, branch: str) -> dict[str, LedgerEntry]:
        followed, after = self.followed.get((branch, scope), ({}, 0))
        entries, upto = await self.memories.entries(scope, branch=branch, after=after)
        followed |= {entry.id: entry for entry in entries}
        self.followed[branch, scope] = followed, upto
        return {id_: entry for id_, entry in followed.items() if entry.live}


def _tell(facts: dict[str, _Fact], commit: MemoryCommit, *, with_vectors: bool) -> None:
    """Let the model know what a commit changed."""
    for one in commit.drafts:
        assert one.id is not None
        shared = tuple(grant.scope for grant in one.grants)
        facts[one.id] = _Fact(text=one.text, scope=one.scope, vector=with_vectors, grants=shared)
    for revision in commit.revisions:
        _revise(facts[revision.id], revision, with_vectors=with_vectors)
    for forgetting in commit.forgettings:
        facts[forgetting.id].status = "forgotten"
    for id_ in (id_ for one in commit.drafts for id_ in one.supersedes):
        if facts[id_].status in ("active", "superseded"):
            facts[id_].status = "superseded"


def _revise(fact: _Fact, revision: MemoryRevision, *, with_vectors: bool) -> None:
    if revision.text is not None:
        fact.text, fact.vector = revision.text, with_vectors
    if revision.grants is not None:
        fact.grants = tuple(grant.scope for grant in revision.grants)
    fact.status = revision.status or fact.status


def _check_entries(living: dict[str, LedgerEntry], expected: dict[str, _Fact]) -> None:
    assert living.keys() == expected.keys()
    for id_, fact in expected.items():
        entry, vector = living[id_], vector_of(fact.text)
        assert " ".join(entry.stems) == fact.text
        assert entry.vector == vector or (entry.vector is None and not fact.vector)


@pytest.mark.parametrize("seed", [1])
async def test_what_is_followed_is_what_is_there(memories: Memories, seed: int) -> None:
    walk = _Walk(memories=memories, random=random.Random(seed))
    for number in range(1, STEPS + 1):
        await walk.step()
        if number % 20 == 0:
            await walk.fork()
        if number % 15 == 0:
            await walk.embed()
        if number % 6 == 0:
            await walk.check()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 22))
async def test_what_is_followed_is_what_is_there_whatever_happened(memories: Memories, seed: int) -> None:
    await test_what_is_followed_is_what_is_there(memories, seed)
