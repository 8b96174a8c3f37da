"""A merge: what a branch changed is written into its parent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contracts.errors import BadRequest
from contracts.state import Commit, Committed, Document, MergeConflict, Merged
from memory.state import rules
from memory.state.branches import own_row
from memory.state.commits import (
    Made,
    Planned,
    check_fence,
    claim_needs,
    content_digest,
    kept,
    place_text,
    repeat,
    rules_needs,
    version_row,
)
from memory.state.differences import same
from memory.state.rows import BranchRow, Version, document, json_value
from memory.state.world import LATEST, LineageNeed, Need, RowNeed, World, WrittenNeed, check_open, rows_of

Prefer = Mapping[tuple[str, str], str] | str | None
_SIDES = ("ours", "theirs")


class Sides(NamedTuple):
    """A document as it was at the fork, as the parent has it, and as the branch has it."""

    base: Version | None
    ours: Version | None
    theirs: Version

    @property
    def changed(self) -> bool:
        """Whether the branch changed it to what the parent does not have."""
        return not equal(self.base, self.theirs) and not equal(self.ours, self.theirs)

    @property
    def fights(self) -> bool:
        """Whether the parent changed it as well."""
        return self.changed and (self.ours.seq if self.ours else 0) != (self.base.seq if self.base else 0)


class MergeMade(NamedTuple):
    """What a merge made; None, and the conflicts, where it wrote nothing."""

    made: Made | None
    parent: str
    conflicts: tuple[Sides, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Merges a branch into its parent. Built by `merge_command`.

    Attributes:
        commit: its branch is the one to merge.
    """

    commit: Commit
    prefer: Prefer
    digest: bytes
    alone: bool = True

    def needs(self, world: World) -> Iterator[Need]:
        """See `Command.needs`."""
        commit = self.commit
        yield from claim_needs(world, commit)
        yield LineageNeed(commit.tenant, commit.branch)
        written = WrittenNeed(commit.tenant, commit.branch)
        yield written
        if world.knows(written):
            branch, lineage = self._branch(world)
            for row in world.written(commit.tenant, commit.branch):
                yield from _rows(branch, lineage, row)
                yield from _rows(branch, lineage, row, limit=branch.fork_seq)
                yield from rules_needs(commit.tenant, branch.parent, row.namespace, lineage)

    def plan(self, world: World) -> MergeMade:
        """See `Command.plan`."""
        commit = self.commit
        branch, _ = self._branch(world)
        if (repeated := repeat(world, commit, self.digest)) is not None:
            return MergeMade(repeated, branch.parent)
        self._check(world)
        sides = self._sides(world)
        if conflicts := tuple(side for side in sides if side.fights and self._preferred(side) is None):
            return MergeMade(None, branch.parent, conflicts)
        chosen = [side for side in sides if self._takes(side)]
        writes = [self._planned(world, side, seq=world.sequence + number) for number, side in enumerate(chosen, 1)]
        world.add_branch(branch._replace(state="merged"))
        return MergeMade(kept(world, commit, writes, digest=self.digest), branch.parent)

    def _check(self, world: World) -> None:
        branch, lineage = self._branch(world)
        check_open(branch.name, [branch])
        check_open(branch.parent, lineage)
        if self.commit.fence is not None:
            check_fence(world, branch.tenant, self.commit.fence)

    def _takes(self, side: Sides) -> bool:
        return side.changed and not (side.fights and self._preferred(side) == "ours")

    def _branch(self, world: World) -> tuple[BranchRow, Sequence[BranchRow]]:
        """Return the branch, and the lineage of its parent."""
        row = own_row(world, self.commit.tenant, self.commit.branch)
        return row, (world.lineage(row.tenant, row.name) or ())[1:]

    def _sides(self, world: World) -> list[Sides]:
        branch, lineage = self._branch(world)
        return [
            Sides(
                base=world.row(_rows(branch, lineage, row, limit=branch.fork_seq)),
                ours=world.row(_rows(branch, lineage, row)),
                theirs=row,
            )
            for row in world.written(branch.tenant, branch.name)
        ]

    def _preferred(self, side: Sides) -> str | None:
        if self.prefer is None or isinstance(self.prefer, str):
            return self.prefer
        return self.prefer.get((side.theirs.namespace, side.theirs.key))

    def _planned(self, world: World, side: Sides, *, seq: int) -> Planned:
        branch, lineage = self._branch(world)
        theirs, ours = side.theirs, side.ours
        transition = rules.checked(
            world.row(rules_needs(branch.tenant, branch.parent, theirs.namespace, lineage)),
            rules.Step(
                place=place_text(theirs.namespace, theirs.key, branch.parent),
                namespace=theirs.namespace,
                before=None if ours is None or ours.gone else ours.value,
                after=None if theirs.gone else theirs.value,
                leap=True,
            ),
        )
        at = (branch.parent, theirs.namespace, theirs.key)
        row = version_row(world, self.commit, ours, seq=seq, at=at, value=theirs.value)
        return Planned(row._replace(gone=theirs.gone, transition=transition), ours)


def merge_command(commit: Commit, *, prefer: Prefer) -> Merge:
    """Return the command that merges the branch of a commit.

    Raises:
        BadRequest: the commit holds writes or events, or `prefer` names another side than "ours" and "theirs".
    """
    if commit.writes or commit.events:
        raise BadRequest("the commit of a merge must hold no writes and no events: make them with another commit")
    by_place = prefer if isinstance(prefer, Mapping) else {}
    named = [prefer] if isinstance(prefer, str) else list(by_place.values())
    if wrong := [side for side in named if side not in _SIDES]:
        raise BadRequest(f"a merge prefers 'ours' (the parent's) or 'theirs' (the branch's), not {wrong[0]!r}")
    sides = sorted([*key, side] for key, side in by_place.items()) or prefer
    return Merge(commit=commit, prefer=prefer, digest=content_digest(commit, merge=sides))


def merged(found: MergeMade, committed: Committed | None) -> Merged:
    """Return what a merge tells its caller."""
    return Merged(committed=committed, conflicts=tuple(_conflict(sides, found.parent) for sides in found.conflicts))


def _conflict(sides: Sides, parent: str) -> MergeConflict:
    return MergeConflict(
        place=document(sides.theirs, branch=parent).place,
        base=_document(sides.base, parent),
        ours=_document(sides.ours, parent),
        theirs=_document(sides.theirs, sides.theirs.branch),
    )


def _document(row: Version | None, branch: str) -> Document | None:
    return None if row is None or row.gone else document(row, branch=branch)


def equal(one: Version | None, other: Version | None) -> bool:
    """Whether two versions say the same; a document that is gone says the same as one that never was."""
    if one is None or other is None or one.gone or other.gone:
        return (one is None or one.gone) == (other is None or other.gone)
    return one.value == other.value or same(json_value(one.value), json_value(other.value))


def _rows(branch: BranchRow, lineage: Sequence[BranchRow], row: Version, *, limit: int = LATEST) -> list[RowNeed]:
    return rows_of((branch.tenant, branch.parent, row.namespace, row.key), lineage, limit=limit)
