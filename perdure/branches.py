"""Branches of the state store: copies that cost nothing, to try something out and to keep or forget it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.state import DEFAULT_TENANT, MAIN, Author, Branch, Commit, Merged
from perdure import checked
from perdure.stores import Opening


@dataclass(frozen=True, kw_only=True)
class Branches:
    """The branches of one tenant.

    Attributes:
        stores: opened when they are first needed.
        tenant: whose branches they are.
        author: kept with what a merge writes.
    """

    stores: Opening
    tenant: str = DEFAULT_TENANT
    author: Author = field(default_factory=Author)

    async def list(self) -> tuple[Branch, ...]:
        """Return all branches but dropped ones, `main` first."""
        return await (await self.stores.opened()).state.branches(tenant=self.tenant)

    async def fork(self, name: str, *, parent: str = MAIN, at: int | None = None) -> Branch:
        """Make a branch that reads its parent as of a sequence, by default now. See `StateStore.fork`."""
        name = checked.made(Branch, {"name": name}).name
        return await (await self.stores.opened()).state.fork(name, parent=parent, at=at, tenant=self.tenant)

    async def merge(
        self, name: str, *, prefer: Mapping[tuple[str, str], str] | str | None = None, why: str | None = None
    ) -> Merged:
        """Write what a branch changed into its parent. With undecided conflicts nothing is written.

        Args:
            name: the branch.
            prefer: "ours" (the parent's) or "theirs" (the branch's) for all conflicts, or by (namespace, key).
            why: the reason, for people.
        """
        author = self.author.model_copy(update={"why": why or self.author.why})
        commit = Commit(tenant=self.tenant, author=author)
        return await (await self.stores.opened()).state.merge(name, commit=commit, prefer=prefer)

    async def keep(self, name: str) -> Branch:
        """Close a branch and keep it readable."""
        return await (await self.stores.opened()).state.keep(name, tenant=self.tenant)

    async def drop(self, name: str) -> None:
        """Forget a branch and what was written on it. See `StateStore.drop`."""
        await (await self.stores.opened()).state.drop(name, tenant=self.tenant)
