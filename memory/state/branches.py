"""Branches: forking, keeping and dropping them. Each of these is alone in its batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.errors import BadRequest, Conflict
from contracts.state import MAIN
from memory.state.rows import BranchRow
from memory.state.world import ChildrenNeed, LineageNeed, Need, World, check_open

MAX_DEPTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Makes a branch that reads its parent as of a sequence, None for now."""

    tenant: str
    name: str
    parent: str
    at: int | None
    alone: bool = True

    def needs(self, _world: World, /) -> Iterator[Need]:
        """See `Command.needs`."""
        yield LineageNeed(self.tenant, self.name)
        if self.parent != MAIN:
            yield LineageNeed(self.tenant, self.parent)

    def plan(self, world: World) -> BranchRow:
        """See `Command.plan`."""
        if (there := self._there(world)) is not None:
            return there
        lineage = world.lineage(self.tenant, self.parent) or ()
        if len(lineage) >= MAX_DEPTH:
            raise BadRequest(f"the branch {self.name!r} would be nested deeper than {MAX_DEPTH}: merge {self.parent!r}")
        if self.at is not None and not 0 <= self.at <= world.sequence:
            raise BadRequest(f"nothing can be forked at sequence {self.at}: the last one is {world.sequence}")
        at = world.sequence if self.at is None else self.at
        row = BranchRow(self.tenant, self.name, self.parent, at, len(lineage) + 1, "open", world.now)
        world.add_branch(row)
        return row

    def _there(self, world: World) -> BranchRow | None:
        if self.name == MAIN:
            raise Conflict(f"there is a branch {MAIN!r} already, and it has no parent: take another name")
        row = world.branch(self.tenant, self.name)
        if row is None:
            return None
        if row.state == "dropped":
            raise Conflict(f"a branch {self.name!r} was dropped, and a name means one branch for ever: take another")
        if row.parent != self.parent or self.at not in (None, row.fork_seq):
            raise Conflict(
                f"there is a branch {self.name!r} already, of {row.parent!r} at {row.fork_seq}: take another name"
            )
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Closes a branch, which stays readable."""

    tenant: str
    name: str
    alone: bool = True

    def needs(self, _world: World, /) -> Iterator[Need]:
        """See `Command.needs`."""
        yield LineageNeed(self.tenant, self.name)

    def plan(self, world: World) -> BranchRow:
        """See `Command.plan`."""
        row = own_row(world, self.tenant, self.name)
        if row.state == "kept":
            return row
        check_open(self.name, [row])
        kept = row._replace(state="kept")
        world.add_branch(kept)
        return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Forgets a branch and its rows. A repeat changes nothing."""

    tenant: str
    name: str
    alone: bool = True

    def needs(self, _world: World, /) -> Iterator[Need]:
        """See `Command.needs`."""
        yield LineageNeed(self.tenant, self.name)
        yield ChildrenNeed(self.tenant, self.name)

    def plan(self, world: World) -> None:
        """See `Command.plan`."""
        there = world.branch(self.tenant, self.name)
        if there is not None and there.state == "dropped":
            return
        row = own_row(world, self.tenant, self.name)
        if children := world.children(self.tenant, self.name):
            raise Conflict(f"{', '.join(children)} was forked from the branch {self.name!r}: drop what is forked first")
        world.add_branch(row._replace(state="dropped"))
        world.changes.forgotten.append((self.tenant, self.name))


def own_row(world: World, tenant: str, name: str) -> BranchRow:
    """Return the row of a branch that is not `main`.

    Raises:
        BadRequest: it is `main`, which is neither merged nor closed.
        NotFound: there is no such branch.
    """
    if name == MAIN:
        raise BadRequest(f"{MAIN!r} cannot be merged, kept or dropped: name a branch that was forked")
    lineage = world.lineage(tenant, name)
    assert lineage, "it was loaded, and checked to be there"
    return lineage[0]
