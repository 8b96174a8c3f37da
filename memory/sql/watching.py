"""Changes after a sequence, in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import BadRequest
from contracts.state import Document
from memory.sql.reading import SQL, fetch, read_lineage, read_sequence
from memory.state.rows import Version, document
from memory.state.world import levels

_PAGE = 500


class Watched(NamedTuple):
    """What is watched: all documents of a branch whose place fits a pattern."""

    tenant: str
    branch: str
    pattern: str

    def fits(self, row: Version) -> bool:
        """Whether a row is watched."""
        parts = map(re.escape, self.pattern.split("*"))
        return re.fullmatch(".*".join(parts), f"{row.namespace}/{row.key}", re.DOTALL) is not None


class Seen(NamedTuple):
    """Changes, and the sequence up to which there is none but these."""

    documents: Sequence[Document]
    upto: int
    more: bool


def watched(pattern: str, *, branch: str, tenant: str) -> Watched:
    """Return what a pattern watches.

    Raises:
        BadRequest: it is neither "*" nor "namespace/key".
    """
    if "*" not in pattern and "/" not in pattern:
        raise BadRequest(f"the pattern {pattern!r} must be 'namespace/key', with * for any text, such as 'tickets/*'")
    return Watched(tenant, branch, pattern)


async def read_changes(connection: AsyncConnection, what: Watched, *, after: int) -> Seen:
    """Return the next changes, in order.

    Raises:
        NotFound: there is no such branch, or it was dropped.
    """
    # The sequence first: whatever is committed while the rows are read is left for the next time.
    head = await read_sequence(connection)
    lineage = await read_lineage(connection, what.tenant, what.branch)
    found: list[Document] = []
    if head <= after:
        return Seen(found, after, more=False)
    seen = levels(what.branch, lineage)
    parameters: dict[str, Any] = {"after": after, "head": head, "tenant": what.tenant, "page": _PAGE}
    for number, (branch, limit) in enumerate(seen):
        parameters |= {f"branch{number}": branch, f"limit{number}": limit}
    rows = [Version._make(row) for row in await fetch(connection, _changes(len(seen)), parameters)]
    found = [document(row, branch=what.branch) for row in rows if what.fits(row)]
    more = len(rows) == _PAGE
    return Seen(found, rows[-1].seq if more else head, more)


def _changes(depth: int) -> str:
    seen = " OR ".join(f"(branch || '' = :branch{number} AND seq <= :limit{number})" for number in range(depth))
    return SQL["read_changes"].format(seen=seen)
