"""What remains of a run's memories when the run was reset: those of its other executions leave recall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contracts.state import Author
from memory.ledger.changes import RunMemoriesNeed, SupersededNeed
from memory.ledger.rows import MemoryRow
from memory.ledger.slate import Slate
from memory.state.world import Need, World

_LIVING = ("active", "review", "superseded")


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandon:
    """Makes memories of executions that do not count `abandoned`. It reads rows that others may add: it is alone.

    Attributes:
        keep: Temporal's run ids whose memories stay.
    """

    tenant: str
    run: str
    keep: frozenset[str]
    author: Author
    alone: bool = True

    def needs(self, world: World, /) -> Iterator[Need]:
        """See `Command.needs`."""
        need = RunMemoriesNeed(self.tenant, self.run)
        yield need
        if world.knows(need):
            yield from (SupersededNeed(self.tenant, row.id) for row in self._abandoned(world))

    def plan(self, world: World) -> int:
        """See `Command.plan`."""
        slate = Slate(world=world, tenant=self.tenant, author=self.author)
        abandoned = self._abandoned(world)
        gone = {(row.branch, row.id): row for row in abandoned}
        for row in abandoned:
            left = row._replace(asked=False, status="abandoned")
            slate.add(left, before=row, event="updated", action="abandon")
        for row in abandoned:
            for old in world.found(SupersededNeed(self.tenant, row.id)):
                if old.branch == row.branch and (old.branch, old.id) not in gone and old.status == "superseded":
                    _give_back(slate, old, gone)
        slate.keep()
        return len(abandoned)

    def _abandoned(self, world: World) -> Sequence[MemoryRow]:
        rows: Sequence[MemoryRow] = world.found(RunMemoriesNeed(self.tenant, self.run))
        return [
            row
            for row in rows
            if row.status in _LIVING and row.execution is not None and row.execution not in self.keep
        ]


def _give_back(slate: Slate, old: MemoryRow, gone: dict[tuple[str, str], MemoryRow]) -> None:
    """Let a memory live again, unless what superseded it was itself superseded by one that stays."""
    by: str | None = old.superseded_by
    while by is not None and (newer := gone.get((old.branch, by))) is not None:
        by = newer.superseded_by
    status, event = ("active", "updated") if by is None else ("superseded", "superseded")
    row = old._replace(asked=False, status=status, superseded_by=by)
    slate.add(row, before=old, event=event, action="update")
