"""Vectors that come later than their texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contracts.memory_ports import Vector
from memory.ledger.changes import SameTextNeed, TextRow
from memory.ledger.rows import VectorRow
from memory.state.world import Need, World


@dataclass(frozen=True, slots=True)
class StoreVectors:
    """Keeps vectors, and moves the rows whose they are on in the order of changes, so that readers hear of them."""

    vectors: Sequence[Vector]
    embedder: str
    alone: bool = False

    def needs(self, _world: World, /) -> Iterator[Need]:
        """See `Command.needs`."""
        yield from (SameTextNeed(vector.sequence) for vector in self.vectors)

    def plan(self, world: World) -> None:
        """See `Command.plan`."""
        changes = world.changes.memory
        for vector in self.vectors:
            rows: Sequence[TextRow] = world.found(SameTextNeed(vector.sequence))
            for row in rows:
                world.sequence += 1
                changes.touched.append((world.sequence, row.seq))
                changes.heads[row.tenant] = world.sequence
            if rows:
                changes.keep_vectors([VectorRow(rows[0].text_seq, self.embedder, vector.vector)])
