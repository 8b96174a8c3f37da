"""What a batch must know of memories, and what it changes of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from memory.ledger.rows import GrantRow, MemoryRow, RecordRow, VectorRow


class MemoryNeed(NamedTuple):
    """The latest row of a memory on one branch up to a sequence; a `MemoryRow` or None."""

    tenant: str
    branch: str
    id: str
    limit: int


class MemorySpanNeed(NamedTuple):
    """The rows with sequences from first to last, without what followed of them; a list of `MemoryRow`."""

    tenant: str
    first: int
    last: int


class RunMemoriesNeed(NamedTuple):
    """The current rows, on all branches, that come from a run; a list of `MemoryRow`."""

    tenant: str
    run: str


class SupersededNeed(NamedTuple):
    """The current rows, on all branches, that a memory superseded; a list of `MemoryRow`."""

    tenant: str
    id: str


class SameTextNeed(NamedTuple):
    """The rows whose text is that of a version, superseded ones too: branches may see them. A list of `TextRow`."""

    seq: int


class TextRow(NamedTuple):
    """Where the vector of a row stands."""

    seq: int
    tenant: str
    text_seq: int


AnyMemoryNeed = MemoryNeed | MemorySpanNeed | RunMemoriesNeed | SupersededNeed | SameTextNeed


@dataclass(slots=True)
class MemoryChanges:
    """What is to be stored. The order of the fields is an order in which it can be stored.

    Attributes:
        closed: (until_seq, seq) of rows that are there and are superseded now.
        touched: (changed_seq, seq) of rows whose vector has come.
        heads: by tenant, the sequence of its last change.
        record_ids: (tenant, id, seq) of records.
    """

    closed: list[tuple[int, int]] = field(default_factory=list)
    touched: list[tuple[int, int]] = field(default_factory=list)
    rows: dict[int, MemoryRow] = field(default_factory=dict)
    vectors: dict[tuple[int, str], VectorRow] = field(default_factory=dict)
    grants: list[GrantRow] = field(default_factory=list)
    records: list[RecordRow] = field(default_factory=list)
    record_ids: list[tuple[str, str, int]] = field(default_factory=list)
    heads: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.rows or self.vectors or self.records or self.touched)

    def keep_vectors(self, vectors: Iterable[VectorRow]) -> None:
        """Store vectors; the last one of a text and an embedder counts."""
        self.vectors.update({(vector.seq, vector.embedder): vector for vector in vectors})

    def close(self, seq: int, *, until: int) -> None:
        """End the visibility of a row, which may be one of this batch."""
        if (pending := self.rows.get(seq)) is not None:
            self.rows[seq] = pending._replace(until_seq=until)
        else:
            self.closed.append((until, seq))
